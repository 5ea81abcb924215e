using System.Numerics;
using WebBpf.Kernel.Isa;

namespace WebBpf.Tests.Kernel.Execution;

/// <summary>What arithmetic must give, written from RFC 9669 in unbounded integers and so independent of both engines.</summary>
internal static class AluOracle
{
    /// <summary>The register's value after an instruction, its operands being 64-bit patterns.</summary>
    public static ulong Alu(int code, bool wide, int off, ulong dst, ulong src)
    {
        int bits = wide ? 64 : 32;
        BigInteger a = Unsigned(dst, bits), b = Unsigned(src, bits);
        BigInteger sa = Signed(dst, bits), sb = Signed(src, bits);
        int count = (int)(src & (uint)(bits - 1));
        return Cut(code switch
        {
            Op.Add => a + b,
            Op.Sub => a - b,
            Op.Mul => a * b,
            Op.Div when off == 0 => b == 0 ? 0 : a / b,
            Op.Div => sb == 0 ? 0 : BigInteger.Divide(sa, sb),
            Op.Mod when off == 0 => b == 0 ? a : a % b,
            Op.Mod => sb == 0 ? sa : BigInteger.Remainder(sa, sb),
            Op.Or => a | b,
            Op.And => a & b,
            Op.Xor => a ^ b,
            Op.Lsh => a << count,
            Op.Rsh => a >> count,
            Op.Arsh => sa >> count,
            Op.Neg => -a,
            Op.Mov => off == 0 ? b : Signed(src, off),
            _ => throw new ArgumentOutOfRangeException(nameof(code)),
        }, bits);
    }

    /// <summary>Whether a conditional jump is taken.</summary>
    public static bool Taken(int code, bool wide, ulong dst, ulong src)
    {
        int bits = wide ? 64 : 32;
        BigInteger a = Unsigned(dst, bits), b = Unsigned(src, bits);
        BigInteger sa = Signed(dst, bits), sb = Signed(src, bits);
        return code switch
        {
            Op.Jeq => a == b,
            Op.Jne => a != b,
            Op.Jgt => a > b,
            Op.Jge => a >= b,
            Op.Jlt => a < b,
            Op.Jle => a <= b,
            Op.Jsgt => sa > sb,
            Op.Jsge => sa >= sb,
            Op.Jslt => sa < sb,
            Op.Jsle => sa <= sb,
            Op.Jset => (a & b) != 0,
            _ => throw new ArgumentOutOfRangeException(nameof(code)),
        };
    }

    /// <summary>The low bits as a number with sign.</summary>
    public static BigInteger Signed(ulong value, int bits)
    {
        BigInteger number = Unsigned(value, bits);
        return number >= BigInteger.One << (bits - 1) ? number - (BigInteger.One << bits) : number;
    }

    /// <summary>The low bits, zero-extended to 64.</summary>
    public static ulong Cut(BigInteger value, int bits)
    {
        BigInteger modulus = BigInteger.One << bits;
        BigInteger rest = value % modulus;
        return (ulong)(rest.Sign < 0 ? rest + modulus : rest);
    }

    private static BigInteger Unsigned(ulong value, int bits) => bits == 64 ? value : value & ((1UL << bits) - 1);
}
