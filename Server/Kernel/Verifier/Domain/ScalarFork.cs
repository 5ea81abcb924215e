using WebBpf.Kernel.Isa;

namespace WebBpf.Kernel.Verifier.Domain;

/// <summary>
/// After <c>r s>>= 63</c> a register is 0 or -1, and compilers go on with <c>r &amp;= constant</c>: no range describes "0 or constant", so the walk
/// goes both ways. As maybe_fork_scalars in kernel/bpf/verifier.c (6.18 with its fixes): the branch that is put off starts at the same
/// instruction with 0 in the register, the current one goes on with -1.
/// </summary>
public static class ScalarFork
{
    /// <summary>Whether <c>dst op source</c> (and, or with a constant) forks: null if not, else whether at 32 bits.</summary>
    public static bool? Width(in Bounds dst, in Bounds source, int op)
    {
        if (op is not (Op.And or Op.Or) || !source.Tnum.IsConst)
            return null;
        if (dst.SMin == -1 && dst.SMax == 0)
            return false;
        return dst.S32Min == -1 && dst.S32Max == 0 ? true : null;
    }

    /// <summary>Puts 0 or -1 into the register at that width.</summary>
    public static void Set(ref Bounds dst, bool is32, bool zero)
    {
        if (is32)
            dst.SetKnown32(zero ? 0 : uint.MaxValue);
        else
            dst.SetKnown(zero ? 0 : ulong.MaxValue);
    }
}
