using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Programs;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier.State;

namespace WebBpf.Kernel.Verifier.Walk;

/// <summary>What must hold when a program ends: nothing is held any more and R0 is in range. As check_resource_leak and check_return_code (6.18).</summary>
internal static class ReturnCodes
{
    /// <summary>Every reference was given back. <paramref name="what"/> begins the message: "tail_call", "BPF_EXIT instruction in main prog".</summary>
    public static int CheckLeaks(Walker w, string what)
    {
        if (w.Frame.FrameNo != 0 || w.Current.References.Count == 0)
            return 0;
        foreach (Reference reference in w.Current.References)
            w.Log.Write($"Unreleased reference id={reference.Id} alloc_insn={reference.InsnIdx}\n");
        w.Log.Write($"{what} would lead to reference leak\n");
        return -Errno.EINVAL;
    }

    /// <summary>R0 at the end of the program, or of a global function.</summary>
    public static int Check(Walker w)
    {
        int error = w.CheckReg(Op.R0, RegUse.Source);
        if (error != 0)
            return error;
        ref RegState r0 = ref w.Regs[Op.R0];
        if (w.IsPointer(r0))
        {
            w.Log.Write("R0 leaks addr as return value\n");
            return -Errno.EACCES;
        }

        bool scalar = r0.Type == RegType.Scalar;
        if (w.Current.Frames[0]!.SubprogNo != 0)
        {
            if (scalar)
                return 0;
            w.Log.Write($"At subprogram exit the register R0 is not a scalar value ({r0.Type.Text()})\n");
            return -Errno.EINVAL;
        }

        ProgramFacts program = w.Env.Request.Program;
        if (program.Type.ReturnValues(program) is not { } range)
            return 0;
        if (!scalar)
        {
            w.Log.Write($"At program exit the register R0 is not a known value ({r0.Type.Text()})\n");
            return -Errno.EINVAL;
        }

        error = w.Precision.Mark(Op.R0);
        if (error != 0)
            return error;
        bool inside = range.Is32Bit
            ? range.Min <= r0.Bounds.S32Min && r0.Bounds.S32Max <= range.Max
            : range.Min <= r0.Bounds.SMin && r0.Bounds.SMax <= range.Max;
        if (inside)
            return 0;
        WriteOutside(w, r0, range.Min, range.Max, "At program exit");
        return -Errno.EINVAL;
    }

    /// <summary>The message for a result out of range (verbose_invalid_scalar).</summary>
    public static void WriteOutside(Walker w, in RegState reg, int min, int max, string where)
    {
        string low = reg.Bounds.SMin > long.MinValue ? $" smin={reg.Bounds.SMin}" : "";
        string high = reg.Bounds.SMax < long.MaxValue ? $" smax={reg.Bounds.SMax}" : "";
        string unknown = low.Length + high.Length == 0 ? " unknown scalar value" : "";
        w.Log.Write($"{where} the register R0 has{low}{high}{unknown} should have been in [{min}, {max}]\n");
    }
}
