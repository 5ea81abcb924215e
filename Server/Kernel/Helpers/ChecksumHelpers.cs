using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Programs;
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

    public static ulong L3CsumReplaceCall(RunContext run, ulong r1, ulong r2, ulong r3, ulong r4, ulong r5)
    {
        if ((r5 & ~FieldMask) != 0)
            return unchecked((ulong)-Errno.EINVAL);
        ushort* field = Field(run, (uint)r2);
        return field is null ? unchecked((ulong)-Errno.EFAULT) : (ulong)Replace(field, r3, r4, r5);
    }

    public static ulong L4CsumReplaceCall(RunContext run, ulong r1, ulong r2, ulong r3, ulong r4, ulong r5)
    {
        if ((r5 & ~(FieldMask | PseudoHeader | MarkMangled0 | MarkEnforce | Ipv6)) != 0)
            return unchecked((ulong)-Errno.EINVAL);
        ushort* field = Field(run, (uint)r2);
        if (field is null)
            return unchecked((ulong)-Errno.EFAULT);
        bool mangled = (r5 & MarkMangled0) != 0;
        if (mangled && (r5 & MarkEnforce) == 0 && *field == 0)
            return 0;
        long error = Replace(field, r3, r4, r5);
        if (error == 0 && mangled && *field == 0)
            *field = 0xffff;
        return (ulong)error;
    }

    public static ulong CsumDiffCall(RunContext run, ulong r1, ulong r2, ulong r3, ulong r4, ulong r5)
    {
        uint fromSize = (uint)r2, toSize = (uint)r4;
        if (((fromSize | toSize) & 3) != 0)
            return unchecked((ulong)-Errno.EINVAL);
        uint sum = (uint)r5;
        if (fromSize > 0)
            sum = Add(sum, ~Partial(run.Memory.Resolve(r1), fromSize, 0));
        if (toSize > 0)
            sum = Partial(run.Memory.Resolve(r3), toSize, sum);
        // Folded to 16 bits, not inverted (csum_from32to16).
        return (sum + ((sum >> 16) | (sum << 16))) >> 16;
    }

    /// <summary>The 16-bit field of the packet, or null where it is odd or outside.</summary>
    private static ushort* Field(RunContext run, uint offset)
    {
        var packet = (PacketBuffer)run.Subject!;
        return offset > 0xffff || (offset & 1) != 0 || offset + 2 > (uint)packet.Length ? null : (ushort*)run.Memory.Resolve(packet.Start + offset);
    }

    private static long Replace(ushort* field, ulong from, ulong to, ulong flags)
    {
        switch (flags & FieldMask)
        {
            case 0 when from == 0:
                *field = Fold(Add((uint)to, ~(uint)*field));
                return 0;
            case 2:
                *field = Fold(Add(Add(~(uint)*field, ~(uint)(ushort)from), (ushort)to));
                return 0;
            case 4:
                *field = Fold(Add(Add(~(uint)*field, ~(uint)from), (uint)to));
                return 0;
            default:
                return -Errno.EINVAL;
        }
    }

    /// <summary>One's complement sum of 32 bits.</summary>
    private static uint Add(uint a, uint b)
    {
        uint sum = a + b;
        return sum + (sum < b ? 1u : 0);
    }

    private static ushort Fold(uint sum)
    {
        sum = (sum & 0xffff) + (sum >> 16);
        sum = (sum & 0xffff) + (sum >> 16);
        return (ushort)~sum;
    }

    private static uint Partial(byte* data, uint length, uint sum)
    {
        for (uint i = 0; i < length; i += 4)
            sum = Add(sum, *(uint*)(data + i));
        return sum;
    }
}
