using System.Buffers.Binary;
using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Memory;
using WebBpf.Kernel.Programs.Contexts;

namespace WebBpf.Kernel.Programs.Packets;

/// <summary>
/// A packet, its context and its socket in the sandbox: what a test run, and later a hook, hands to a program. All addresses are those of the sandbox.
/// <code>
///   Block    context | socket | room for the packet to grow forward      (4096 bytes)
///   Head     headroom | packet from Start to End | tailroom              (an XDP frame: one page)
///   Fragments                                                            (XDP only: the rest of a frame that takes more than a page)
/// </code>
/// Virtual CPUs keep one each (<see cref="Take"/>, <see cref="Give"/>), so that runs allocate nothing.
/// </summary>
internal sealed unsafe class PacketBuffer : IPacketBytes, ILegacyPacket
{
    /// <summary>Bytes of a page, and of a whole XDP frame without fragments.</summary>
    public const int PageSize = 4096;

    /// <summary>Most fragments of a frame (MAX_SKB_FRAGS), a page each.</summary>
    public const int MaxFragments = 17;

    private const int BlockSize = 96 << 10;
    private const int SocketAt = 256;
    private const int ContextArea = 512;

    private readonly BpfMemory _memory;

    private PacketBuffer(BpfMemory memory, ulong block)
    {
        _memory = memory;
        Block = block;
    }

    /// <summary>The buffer's first byte.</summary>
    public ulong Block { get; }

    public ulong Context => Block;

    /// <summary>The socket the packet belongs to, as <see cref="SocketLayout"/>.</summary>
    public ulong Socket => Block + SocketAt;

    /// <summary>First byte of the headroom (skb->head, data_hard_start).</summary>
    public ulong Head => Block + PageSize;

    /// <summary>Lowest address that a growing socket buffer may begin at.</summary>
    public ulong Lowest => Block + ContextArea;

    /// <summary>One past the last address that a growing socket buffer may reach.</summary>
    public ulong Highest => Block + BlockSize;

    /// <summary>First fragment of an XDP frame; they lie one behind the other without gaps.</summary>
    public ulong Fragments => Head + PageSize;

    public ulong Start { get; set; }
    public ulong End { get; set; }

    /// <summary>XDP metadata before the packet; equals <see cref="Start"/> where there is none.</summary>
    public ulong Meta { get; set; }

    /// <summary>Last address that the linear part of an XDP frame may grow to.</summary>
    public ulong TailLimit { get; set; }

    /// <summary>Bytes in fragments, and how many of them lie in the last one.</summary>
    public int FragmentBytes { get; set; }

    /// <summary>True for XDP, whose context has other fields than a socket buffer's.</summary>
    public bool IsXdp { get; set; }

    /// <summary>Where the link and network headers begin.</summary>
    public ulong MacHeader { get; set; }

    public ulong NetworkHeader { get; set; }

    /// <summary>Bytes of the packet, those in fragments left out.</summary>
    public int Length => (int)(End - Start);

    public Span<byte> Bytes => new(_memory.Resolve(Start), Length);

    public Span<byte> FragmentSpan => new(_memory.Resolve(Fragments), FragmentBytes);

    public ReadOnlySpan<byte> Packet => Bytes;

    /// <summary>What a redirect helper asked for last; null for nothing.</summary>
    public PacketRedirect? Redirect { get; set; }

    public Span<byte> ContextBytes(int length) => new(_memory.Resolve(Context), length);

    public Span<byte> SocketBytes => new(_memory.Resolve(Socket), SocketLayout.Size);

    /// <summary>Takes the CPU's buffer out, or makes one; null where the sandbox has no room.</summary>
    public static PacketBuffer? Take(RunContext run)
    {
        if (run.PacketBuffer is PacketBuffer kept)
        {
            run.PacketBuffer = null;
            return kept;
        }

        ulong block = run.Memory.Allocate(BlockSize, PageSize);
        return block == 0 ? null : new PacketBuffer(run.Memory, block);
    }

    /// <summary>Leaves a buffer with a CPU for its next run.</summary>
    public static void Give(RunContext run, PacketBuffer buffer)
    {
        buffer.Redirect = null;
        if (run.PacketBuffer is null)
            run.PacketBuffer = buffer;
        else
            buffer._memory.Free(buffer.Block, BlockSize);
    }

    /// <summary>Lays an empty packet at <paramref name="headroom"/> bytes behind the head; clears the context, the socket and the headroom.</summary>
    public void Reset(bool xdp, int headroom, int contextSize)
    {
        IsXdp = xdp;
        Redirect = null;
        FragmentBytes = 0;
        new Span<byte>(_memory.Resolve(Head), headroom).Clear();
        ContextBytes(contextSize).Clear();
        Meta = Start = End = Head + (ulong)headroom;
        TailLimit = xdp ? Fragments : Highest;
    }

    /// <summary>Writes the pointers (and the length of a socket buffer) into the context after the packet moved.</summary>
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
        const int networkOffset = -0x100000, linkOffset = -0x200000;
        value = 0;
        long from = offset >= 0 ? (long)Start + offset
            : offset >= networkOffset ? (long)NetworkHeader + (offset - networkOffset)
            : offset >= linkOffset ? (long)MacHeader + (offset - linkOffset)
            : -1;
        if (from < (long)Head || from + size > (long)End)
            return false;
        ReadOnlySpan<byte> bytes = new(_memory.Resolve((ulong)from), size);
        value = size switch { 1 => bytes[0], 2 => BinaryPrimitives.ReadUInt16BigEndian(bytes), _ => BinaryPrimitives.ReadUInt32BigEndian(bytes) };
        return true;
    }
}

/// <summary>Where a program wants a packet to go: recorded for whoever ran it.</summary>
/// <param name="Ifindex">The device, 0 where a map says it.</param>
/// <param name="Map">Address of the map's header, 0 where a device was named.</param>
/// <param name="Key">The map's key.</param>
/// <param name="Flags">The helper's flags.</param>
internal readonly record struct PacketRedirect(uint Ifindex, ulong Map, ulong Key, ulong Flags);
