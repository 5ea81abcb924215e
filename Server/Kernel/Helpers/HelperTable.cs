using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>A set of prototypes by number: what a program type, or a tier of capabilities, offers.</summary>
public sealed class HelperTable
{
    // One past the last helper (__BPF_FUNC_MAX_ID).
    private const int Count = 212;

    private readonly HelperProto?[] _protos = new HelperProto?[Count];

    /// <exception cref="ArgumentException">A helper stands twice in the list.</exception>
    public HelperTable(params ReadOnlySpan<HelperProto> protos)
    {
        foreach (HelperProto proto in protos)
        {
            if (_protos[(int)proto.Id] is not null)
                throw new ArgumentException($"{proto.Id} is listed twice.", nameof(protos));
            _protos[(int)proto.Id] = proto;
        }
    }

    public HelperProto? Find(BpfFuncId id) => (uint)id < Count ? _protos[(int)id] : null;
}
