using System.Numerics;
using WebBpf.Kernel.Verifier.Domain;
using WebBpf.Kernel.Verifier.State;
using WebBpf.Kernel.Verifier.Walk;

namespace WebBpf.Kernel.Verifier.Access;

/// <summary>Ids that tie copies of one scalar together.</summary>
internal static class ScalarIds
{
    /// <summary>Bits the value may need (get_reg_width).</summary>
    public static int Width(in Bounds bounds) => 64 - BitOperations.LeadingZeroCount(bounds.UMax);

    /// <summary>Before a scalar is copied it gets an id, unless it is a constant (assign_scalar_id_before_mov).</summary>
    public static void Assign(Walker w, ref RegState reg)
    {
        if (reg.Type != RegType.Scalar)
            return;
        if ((reg.Id & RegState.AddConst) != 0)
        {
            reg.Id = 0;
            reg.Off = 0;
        }

        if (reg.Id == 0 && !reg.Bounds.Tnum.IsConst)
            reg.Id = w.NextId();
    }
}
