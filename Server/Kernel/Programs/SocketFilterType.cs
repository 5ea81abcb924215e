using WebBpf.Kernel.Helpers;
using WebBpf.Kernel.Programs.Contexts;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Programs;

/// <summary>Socket filters: no packet pointers, the classic packet loads instead. As sk_filter_verifier_ops in net/core/filter.c, 6.18.</summary>
[BpfProgramType]
public sealed class SocketFilterType : SkbProgramType
{
    private static readonly HelperTable Helpers = new(
        SkbBytesHelpers.SkbLoadBytes, SkbBytesHelpers.SkbLoadBytesRelative, SocketInfoHelpers.GetSocketCookie, SocketInfoHelpers.GetSocketUid,
        SocketInfoHelpers.GetNetnsCookie, PerfEventOutputHelper.PerfEventOutput);

    public override BpfProgType Type => BpfProgType.SocketFilter;

    public override bool LegacyPacketLoads => true;

    public override HelperProto? GetHelper(BpfFuncId id, ProgramFacts program) => Helpers.Find(id) ?? SocketBaseHelpers.Find(id, program);

    public override bool IsValidAccess(int off, int size, bool write, ProgramFacts program, ref CtxAccess access)
    {
        if (InWord(off, SkBuffLayout.TcClassid) || IsPacketPointer(off) || CtxRules.In(off, SkBuffLayout.Tstamp, 8)
            || CtxRules.In(off, SkBuffLayout.Family, SkBuffLayout.DataMeta - SkBuffLayout.Family)
            || InWord(off, SkBuffLayout.WireLen) || CtxRules.In(off, SkBuffLayout.Hwtstamp, 8))
            return false;
        return (!write || InCb(off)) && IsValidSkbAccess(off, size, write, ref access);
    }
}
