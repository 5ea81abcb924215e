using WebBpf.Kernel.Helpers;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Verifier.Structure;

/// <summary>Where control goes after one instruction, and what a call does to it. Calls count as running through.</summary>
public static class Flow
{
    /// <summary>Slots of the instruction: 2 for a 64-bit immediate load.</summary>
    public static int Slots(Insn insn) => insn.IsLdImm64 ? 2 : 1;

    /// <summary>Distance of a jump from the next instruction: the immediate of gotol, the offset of all others.</summary>
    public static int JumpOffset(Insn insn) => insn.Code == (Op.Jmp32 | Op.Ja) ? insn.Imm : insn.Off;

    public static bool IsHelperCall(Insn insn) => insn.Code == (Op.Jmp | Op.Call) && insn.Src == 0;

    public static bool IsSubprogCall(Insn insn) => insn.Code == (Op.Jmp | Op.Call) && insn.Src == Op.PseudoCall;

    public static bool IsCallback(Insn insn) => insn.IsLdImm64 && insn.Src == Op.PseudoFunc;

    public static bool IsMayGoto(Insn insn) => insn.Code == (Op.Jmp | Op.Jcond) && insn.Src == Op.MayGoto;

    /// <summary>
    /// Successors of instruction <paramref name="i"/> inside its function (-1 where there is none), the next one first, as bpf_insn_successors.
    /// A jump to the next instruction counts once.
    /// </summary>
    public static (int Next, int Target) Successors(Insn[] insns, int i)
    {
        Insn insn = insns[i];
        bool jump = insn.Class is Op.Jmp or Op.Jmp32;
        int code = Op.Code(insn.Code);
        int next = jump && code is Op.Ja or Op.Exit ? -1 : i + Slots(insn);
        if (next >= insns.Length)
            next = -1;
        if (!jump || code is Op.Call or Op.Exit)
            return (next, -1);
        int target = i + JumpOffset(insn) + 1;
        return (next, target == next ? -1 : target);
    }

    /// <summary>The prototype of a helper as this program may call it, or null.</summary>
    public static HelperProto? Helper(VerifierEnv env, int id) => id <= 0 ? null : env.Request.Program.Type.GetHelper((BpfFuncId)id, env.Request.Program);

    /// <summary>Helpers that run a callback before they return (is_sync_callback_calling_function).</summary>
    public static bool RunsCallback(int helper) =>
        (BpfFuncId)helper is BpfFuncId.ForEachMapElem or BpfFuncId.FindVma or BpfFuncId.Loop or BpfFuncId.UserRingbufDrain;

    /// <summary>Helpers whose callback runs later (is_async_callback_calling_function).</summary>
    public static bool DefersCallback(int helper) => (BpfFuncId)helper == BpfFuncId.TimerSetCallback;
}
