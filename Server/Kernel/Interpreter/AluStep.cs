using System.Buffers.Binary;
using WebBpf.Kernel.Isa;

namespace WebBpf.Kernel.Interpreter;

/// <summary>
/// Arithmetic and moves (classes ALU and ALU64; RFC 9669, sections 4.1 and 4.2). 32-bit results are zero-extended. Division by zero gives 0, the
/// remainder then is the dividend; the most negative number divided by -1 wraps.
/// </summary>
internal static unsafe class AluStep
{
    public static void Alu64(in Insn insn, ulong* r)
    {
        ulong source = (insn.Code & Op.X) != 0 ? r[insn.Src] : (ulong)insn.Imm;
        ref ulong dst = ref r[insn.Dst];
        switch (insn.Code & 0xf0)
        {
            case Op.Add:
                dst += source;
                break;
            case Op.Sub:
                dst -= source;
                break;
            case Op.Mul:
                dst *= source;
                break;
            case Op.Div:
                dst = insn.Off == 0 ? (source == 0 ? 0 : dst / source) : (ulong)SignedDiv((long)dst, (long)source);
                break;
            case Op.Mod:
                dst = insn.Off == 0 ? (source == 0 ? dst : dst % source) : (ulong)SignedMod((long)dst, (long)source);
                break;
            case Op.Or:
                dst |= source;
                break;
            case Op.And:
                dst &= source;
                break;
            case Op.Xor:
                dst ^= source;
                break;
            case Op.Lsh:
                dst <<= (int)(source & 63);
                break;
            case Op.Rsh:
                dst >>= (int)(source & 63);
                break;
            case Op.Arsh:
                dst = (ulong)((long)dst >> (int)(source & 63));
                break;
            case Op.Neg:
                dst = 0 - dst;
                break;
            case Op.Mov:
                dst = insn.Off switch
                {
                    0 => source,
                    8 => (ulong)(sbyte)source,
                    16 => (ulong)(short)source,
                    32 => (ulong)(int)source,
                    // An address-space cast without an arena behind it: the low half (as do_misc_fixups makes it a 32-bit move).
                    _ => (uint)source,
                };
                break;
            default:
                dst = Swap(dst, insn.Imm);
                break;
        }
    }

    public static void Alu32(in Insn insn, ulong* r)
    {
        uint source = (insn.Code & Op.X) != 0 ? (uint)r[insn.Src] : (uint)insn.Imm;
        ref ulong dst = ref r[insn.Dst];
        uint low = (uint)dst;
        dst = (insn.Code & 0xf0) switch
        {
            Op.Add => low + source,
            Op.Sub => low - source,
            Op.Mul => low * source,
            Op.Div => insn.Off == 0 ? (source == 0 ? 0 : low / source) : (uint)SignedDiv((int)low, (int)source),
            Op.Mod => insn.Off == 0 ? (source == 0 ? low : low % source) : (uint)SignedMod((int)low, (int)source),
            Op.Or => low | source,
            Op.And => low & source,
            Op.Xor => low ^ source,
            Op.Lsh => low << (int)(source & 31),
            Op.Rsh => low >> (int)(source & 31),
            Op.Arsh => (uint)((int)low >> (int)(source & 31)),
            Op.Neg => 0 - low,
            Op.Mov => insn.Off switch
            {
                0 => source,
                8 => (uint)(sbyte)source,
                _ => (uint)(short)source,
            },
            // To little-endian cuts off, to big-endian swaps: the host is little-endian.
            _ => (insn.Code & Op.X) != 0 ? Swap(dst, insn.Imm) : Cut(dst, insn.Imm),
        };
    }

    private static long SignedDiv(long a, long b) => b == 0 ? 0 : b == -1 ? -a : a / b;

    private static long SignedMod(long a, long b) => b == 0 ? a : b == -1 ? 0 : a % b;

    // -int.MinValue does not fit an int: the caller cuts the long result to 32 bits, which wraps as it must.
    private static ulong Swap(ulong value, int bits) => bits switch
    {
        16 => BinaryPrimitives.ReverseEndianness((ushort)value),
        32 => BinaryPrimitives.ReverseEndianness((uint)value),
        _ => BinaryPrimitives.ReverseEndianness(value),
    };

    private static ulong Cut(ulong value, int bits) => bits switch
    {
        16 => (ushort)value,
        32 => (uint)value,
        _ => value,
    };
}
