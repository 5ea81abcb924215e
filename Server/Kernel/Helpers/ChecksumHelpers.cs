using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Programs.Packets;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>Checksums of packet buffers, as net/core/filter.c, 6.18.</summary>
[BpfHelpers]
public static unsafe class ChecksumHelpers
{
    public static readonly HelperProto L3CsumReplace = new(BpfFuncId.L3CsumReplace, RetType.Integer)
    {
        ChangesPacketData = true,
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
        Arg3 = ArgType.Anything,
        Arg4 = ArgType.Anything,
        Arg5 = ArgType.Anything,
    };

    public static readonly HelperProto L4CsumReplace = new(BpfFuncId.L4CsumReplace, RetType.Integer)
    {
        ChangesPacketData = true,
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
        Arg3 = ArgType.Anything,
        Arg4 = ArgType.Anything,
        Arg5 = ArgType.Anything,
    };

    public static readonly HelperProto CsumDiff = new(BpfFuncId.CsumDiff, RetType.Integer)
    {
        PktAccess = true,
        Arg1 = ArgType.PtrToMem | ArgType.MaybeNull | ArgType.RdOnly,
        Arg2 = ArgType.ConstSizeOrZero,
        Arg3 = ArgType.PtrToMem | ArgType.MaybeNull | ArgType.RdOnly,
        Arg4 = ArgType.ConstSizeOrZero,
        Arg5 = ArgType.Anything,
    };

    public static readonly HelperProto CsumUpdate = new(BpfFuncId.CsumUpdate, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
    };

    public static readonly HelperProto CsumLevel = new(BpfFuncId.CsumLevel, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
    };

    private const ulong FieldMask = 0xf;
    private const ulong PseudoHeader = 0x10;
    private const ulong MarkMangled0 = 0x20;
    private const ulong MarkEnforce = 0x40;
    private const ulong Ipv6 = 0x80;
    private const ushort Mangled0 = 0xffff;
    private const uint MaxOffset = 0xffff;

    private const ulong LevelQuery = 0;
    private const ulong LevelLast = 3;

    public static ulong L3CsumReplaceCall(RunContext run, ulong context, ulong offset, ulong from, ulong to, ulong flags)
    {
        if ((flags & ~FieldMask) != 0)
            return HelperMemory.Result(-Errno.EINVAL);
        ushort* field = Field(run, (uint)offset);
        if (field is null)
            return HelperMemory.Result(-Errno.EFAULT);
        if (flags != 2)
            return HelperMemory.Result(Replace(field, from, to, flags));
        // csum_replace2 adds 16 bits at a time.
        *field = (ushort)~Add16(Add16((ushort)~*field, (ushort)~from), (ushort)to);
        return 0;
    }

    public static ulong L4CsumReplaceCall(RunContext run, ulong context, ulong offset, ulong from, ulong to, ulong flags)
    {
        if ((flags & ~(FieldMask | PseudoHeader | MarkMangled0 | MarkEnforce | Ipv6)) != 0)
            return HelperMemory.Result(-Errno.EINVAL);
        ushort* field = Field(run, (uint)offset);
        if (field is null)
            return HelperMemory.Result(-Errno.EFAULT);
        // A UDP checksum of 0 means none: it stays, and none becomes 0.
        bool mangled = (flags & MarkMangled0) != 0;
        if (mangled && (flags & MarkEnforce) == 0 && *field == 0)
            return 0;
        int error = Replace(field, from, to, flags);
        if (error == 0 && mangled && *field == 0)
            *field = Mangled0;
        return HelperMemory.Result(error);
    }

    public static ulong CsumDiffCall(RunContext run, ulong from, ulong fromSize, ulong to, ulong toSize, ulong seed)
    {
        uint sum = (uint)seed;
        Span<byte> old = HelperMemory.Bytes(run, from, fromSize), added = HelperMemory.Bytes(run, to, toSize);
        if (!old.IsEmpty && !added.IsEmpty)
            sum = Add(Partial(added, sum), ~Partial(old, 0));
        else if (!added.IsEmpty)
            sum = Partial(added, sum);
        else if (!old.IsEmpty)
            sum = ~Partial(old, ~sum);
        // Folded to 16 bits, not inverted (csum_from32to16).
        return (sum + BitOperations.RotateLeft(sum, 16)) >> 16;
    }

    /// <summary>Only buffers whose checksum the device computed (CHECKSUM_COMPLETE) can be updated, and test packets are none.</summary>
    public static ulong CsumUpdateCall(RunContext run, ulong context, ulong sum, ulong r3, ulong r4, ulong r5) => HelperMemory.Result(-Errno.ENOTSUPP);

    /// <summary>Levels say how many checksums the device found right: none of a test packet's.</summary>
    public static ulong CsumLevelCall(RunContext run, ulong context, ulong level, ulong r3, ulong r4, ulong r5) => level switch
    {
        LevelQuery => HelperMemory.Result(-Errno.EACCES),
        <= LevelLast => 0,
        _ => HelperMemory.Result(-Errno.EINVAL),
    };

    /// <summary>The 16-bit field of the packet, or null where it is odd or outside.</summary>
    private static ushort* Field(RunContext run, uint offset) =>
        run.Subject is not PacketBuffer packet || offset > MaxOffset || (offset & 1) != 0 || offset + 2 > (uint)packet.Length
            ? null : (ushort*)run.Memory.Resolve(packet.Start + offset);

    private static int Replace(ushort* field, ulong from, ulong to, ulong flags)
    {
        switch (flags & FieldMask)
        {
            case 0 when from == 0:
                *field = Fold(Add((uint)to, ~(uint)*field));
                return 0;
            case 2:
                return Replace(field, (ushort)from, (ushort)to, 4);
            case 4:
                *field = Fold(Add(Add(~(uint)*field, ~(uint)from), (uint)to));
                return 0;
            default:
                return -Errno.EINVAL;
        }
    }

    /// <summary>One's complement sums.</summary>
    private static uint Add(uint a, uint b)
    {
        uint sum = a + b;
        return sum + (sum < b ? 1u : 0);
    }

    private static ushort Add16(ushort a, ushort b)
    {
        int sum = a + b;
        return (ushort)(sum + (sum >> 16));
    }

    private static ushort Fold(uint sum)
    {
        sum = (sum & 0xffff) + (sum >> 16);
        sum = (sum & 0xffff) + (sum >> 16);
        return (ushort)~sum;
    }

    private static uint Partial(ReadOnlySpan<byte> data, uint sum)
    {
        ulong total = sum;
        foreach (uint word in MemoryMarshal.Cast<byte, uint>(data))
            total += word;
        Span<byte> tail = stackalloc byte[sizeof(uint)];
        tail.Clear();
        data[(data.Length & ~3)..].CopyTo(tail);
        total += BinaryPrimitives.ReadUInt32LittleEndian(tail);
        total = (total & uint.MaxValue) + (total >> 32);
        return (uint)(total + (total >> 32));
    }
}
