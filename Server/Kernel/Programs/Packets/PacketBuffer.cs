using System.Buffers.Binary;
using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Memory;
using WebBpf.Kernel.Programs.Contexts;

namespace WebBpf.Kernel.Programs;

/// <summary>
/// A packet and its context in the sandbox: what a test run, and later a hook, hands to a program. Pooled per virtual CPU by <see cref="Of"/>.
/// Addresses are those of the sandbox; the packet may grow into head- and tailroom.
/// </summary>
internal sealed unsafe class PacketBuffer : IPacketBytes, ILegacyPacket
{
    public const int Capacity = 8192;

    private readonly BpfMemory _memory;

    private PacketBuffer(BpfMemory memory)
    {
        _memory = memory;
        Block = memory.Allocate(Capacity + ContextRoom, 4096);
        if (Block == 0)
            throw new OutOfMemoryException("No room for a packet buffer in BPF memory.");
    }

    private const int ContextRoom = 256;

    /// <summary>The buffer's first byte.</summary>
    public ulong Block { get; }

    /// <summary>The context, behind the packet's room.</summary>
    public ulong Context => Block + Capacity;

    public ulong Start { get; set; }
    public ulong End { get; set; }

    /// <summary>XDP metadata before the packet; equals <see cref="Start"/> where there is none.</summary>
    public ulong Meta { get; set; }

    /// <summary>First and last address the packet may grow to.</summary>
    public ulong HeadLimit { get; set; }

    public ulong TailLimit { get; set; }

    /// <summary>True for XDP, whose context has other fields than a socket buffer's.</summary>
    public bool IsXdp { get; set; }

    /// <summary>Where the link and network headers begin.</summary>
    public ulong MacHeader { get; set; }

    public ulong NetworkHeader { get; set; }

    public int Length => (int)(End - Start);

    public Span<byte> Bytes => new(_memory.Resolve(Start), Length);

    public ReadOnlySpan<byte> Packet => Bytes;

    public Span<byte> ContextBytes(int length) => new(_memory.Resolve(Context), length);

    /// <summary>The buffer of a virtual CPU's outermost run.</summary>
    public static PacketBuffer Of(RunContext run) => run.PacketBuffer as PacketBuffer ?? (PacketBuffer)(run.PacketBuffer = new PacketBuffer(run.Memory));

    /// <summary>Writes the pointers (and the length) into the context after the packet moved.</summary>
    public void UpdateContext()
    {
        byte* context = _memory.Resolve(Context);
        if (IsXdp)
        {
            *(ulong*)(context + XdpBuffLayout.DataAddress) = Start;
            *(ulong*)(context + XdpBuffLayout.DataEndAddress) = End;
            *(ulong*)(context + XdpBuffLayout.DataMetaAddress) = Meta;
            return;
        }

        *(ulong*)(context + SkBuffLayout.DataAddress) = Start;
        *(ulong*)(context + SkBuffLayout.DataEndAddress) = End;
        *(ulong*)(context + SkBuffLayout.DataMetaAddress) = Start;
        *(uint*)(context + SkBuffLayout.Len) = (uint)Length;
    }

    /// <summary>As bpf_skb_load_helper: offsets below 0 count from the network (SKF_NET_OFF) or link header (SKF_LL_OFF).</summary>
    public bool TryLoad(int offset, int size, out uint value)
    {
        const int netOffset = -0x100000, linkOffset = -0x200000;
        value = 0;
        long from = offset >= 0 ? (long)Start + offset
            : offset >= netOffset ? (long)NetworkHeader + (offset - netOffset)
            : offset >= linkOffset ? (long)MacHeader + (offset - linkOffset)
            : -1;
        if (from < (long)HeadLimit || from + size > (long)End)
            return false;
        ReadOnlySpan<byte> bytes = new(_memory.Resolve((ulong)from), size);
        value = size switch { 1 => bytes[0], 2 => BinaryPrimitives.ReadUInt16BigEndian(bytes), _ => BinaryPrimitives.ReadUInt32BigEndian(bytes) };
        return true;
    }
}
