using WebBpf.Kernel.Verifier.State;
using WebBpf.Kernel.Verifier.Walk;

namespace WebBpf.Kernel.Verifier.Access;

/// <summary>
/// Slots that only spill around calls which keep registers (fastcall) are removed later; any other use of such a slot gives that up for
/// the function (check_fastcall_stack_contract).
/// </summary>
internal static class FastcallStack
{
    public static void Check(Walker w, FuncState frame, int insnIdx, int off)
    {
        SubprogInfo subprog = w.Env.Subprogs[frame.SubprogNo];
        if (subprog.FastcallStackOff <= off || w.Env.Aux[insnIdx].Has(InsnAuxFlags.FastcallPattern))
            return;
        subprog.FastcallStackOff = int.MinValue;
        for (int i = subprog.Start; i < w.Env.SubprogEnd(frame.SubprogNo); i++)
            w.Env.Aux[i].Flags &= ~(InsnAuxFlags.FastcallPattern | InsnAuxFlags.FastcallSpillsHere);
    }
}
