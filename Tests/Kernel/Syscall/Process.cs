using System.Buffers.Binary;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Tests.Kernel.Syscall;

/// <summary>A process that makes calls by names of fields.</summary>
internal sealed class Process(BpfKernel kernel, Capabilities capabilities = Capabilities.All, uint uid = 0)
{
    public BpfTask Task { get; } = new() { Pid = 7, Comm = "test", Capabilities = capabilities, Uid = uid, Gid = uid };

    public UserMemoryArena Memory { get; } = new();

    /// <summary>What the last call said is not implemented.</summary>
    public string? Gap { get; private set; }

    public long Call(BpfCommand command, params (string Name, ulong Value)[] fields) => Call(command, null, fields);

    public long Call(BpfCommand command, CallReceipt? receipt, params (string Name, ulong Value)[] fields)
    {
        byte[] attr = new byte[AttrTable.AttrSize];
        foreach ((string name, ulong value) in fields)
        {
            AttrField field = AttrTable.Find(command)!.Find(name)!;
            if (field.Size == 8)
                BinaryPrimitives.WriteUInt64LittleEndian(attr.AsSpan(field.Offset), value);
            else
                BinaryPrimitives.WriteUInt32LittleEndian(attr.AsSpan(field.Offset), (uint)value);
        }

        var gaps = new GapObserver();
        long result = kernel.Bpf(command, attr, Memory, new BpfCall(Task, default, gaps) { Receipt = receipt });
        Gap = gaps.What;
        return result;
    }

    public long Map(BpfMapType type, uint key = 4, uint value = 4, uint entries = 8) =>
        Call(BpfCommand.MapCreate, ("map_type", (ulong)type), ("key_size", key), ("value_size", value), ("max_entries", entries));

    public long Update(long fd, byte[] key, byte[] value, CallReceipt? receipt = null) =>
        Call(BpfCommand.MapUpdateElem, receipt, ("map_fd", (ulong)fd), ("key", Memory.Copy(key)), ("value", Memory.Copy(value)));

    public long Delete(long fd, byte[] key) => Call(BpfCommand.MapDeleteElem, ("map_fd", (ulong)fd), ("key", Memory.Copy(key)));

    public long Pin(long fd, string path) => Call(BpfCommand.ObjPin, ("bpf_fd", (ulong)fd), ("pathname", Memory.Copy(path)));

    public long Get(string path) => Call(BpfCommand.ObjGet, ("pathname", Memory.Copy(path)));

    public byte[]? Look(long fd, byte[] key, int size = 4)
    {
        UserBuffer value = Memory.Allocate(size);
        long result = Call(BpfCommand.MapLookupElem, ("map_fd", (ulong)fd), ("key", Memory.Copy(key)), ("value", value.Address));
        return result == 0 ? value.Span.ToArray() : null;
    }

    private sealed class GapObserver : ILoadObserver
    {
        public string? What { get; private set; }

        public void OnLog(ReadOnlySpan<char> text)
        {
        }

        public void OnProgress(uint insnsProcessed, uint totalStates)
        {
        }

        public void OnNotImplemented(string what) => What = what;

        public void OnVerdict(WebBpf.Kernel.Verifier.Verdict verdict)
        {
        }
    }
}
