using System.Text;
using WebBpf.Kernel.Isa;

namespace WebBpf.Kernel.Verifier.Structure;

/// <summary>
/// Which registers may still be read before each instruction, as a backward fixpoint <c>in = (out - defined) + used</c> per function.
/// The walk ignores dead registers when it compares states. As compute_live_registers in kernel/bpf/verifier.c (6.18).
/// </summary>
public static class LiveRegisters
{
    private const ushort CallerSaved = 0x3f;
    private const ushort Everything = 0xffff;

    public static int Run(VerifierEnv env)
    {
        int count = env.Insns.Length;
        var used = new ushort[count];
        var defined = new ushort[count];
        var into = new ushort[count];
        for (int i = 0; i < count; i++)
            (used[i], defined[i]) = Effect(env, env.Insns[i]);

        bool changed = true;
        while (changed)
        {
            changed = false;
            foreach (int i in env.Postorder)
            {
                (int next, int target) = Flow.Successors(env.Insns, i);
                int after = (next >= 0 ? into[next] : 0) | (target >= 0 ? into[target] : 0);
                ushort before = (ushort)((after & ~defined[i]) | used[i]);
                changed |= before != into[i];
                into[i] = before;
            }
        }

        for (int i = 0; i < count; i++)
            env.Aux[i].LiveRegsBefore = into[i];
        if (env.Log.Has(VerifierLog.Level2))
            Print(env);
        return 0;
    }

    /// <summary>A line per instruction: its loop, index, live registers of R0 to R9, text.</summary>
    private static void Print(VerifierEnv env)
    {
        var text = new StringBuilder("Live regs before insn:\n");
        for (int i = 0; i < env.Insns.Length; i += Flow.Slots(env.Insns[i]))
        {
            text.Append(env.Aux[i].Scc == 0 ? "    " : $"{env.Aux[i].Scc,3} ").Append($"{i,3}: ");
            for (int reg = 0; reg < Op.R10; reg++)
                text.Append((env.Aux[i].LiveRegsBefore >> reg & 1) != 0 ? (char)('0' + reg) : '.');
            text.Append(' ');
            Disassembler.Append(text, env.Insns, i, null, env.Request.Program.PerfmonCapable);
            text.Append('\n');
        }

        env.Log.Write(text.ToString());
    }

    /// <summary>Registers that one instruction reads and overwrites; whatever is not modelled reads all.</summary>
    private static (ushort Used, ushort Defined) Effect(VerifierEnv env, Insn insn)
    {
        ushort src = (ushort)(1 << insn.Src), dst = (ushort)(1 << insn.Dst);
        ushort both = (ushort)(src | dst);
        int mode = Op.Mode(insn.Code);
        bool isRegister = Op.Source(insn.Code) == Op.X;
        switch (insn.Class)
        {
            case Op.Ld:
                return insn.IsLdImm64 ? ((ushort)0, dst) : (Everything, (ushort)0);
            case Op.Ldx:
                return mode is Op.Mem or Op.MemSx ? (src, dst) : (Everything, (ushort)0);
            case Op.St:
                return (mode == Op.Mem ? dst : Everything, 0);
            case Op.Stx:
                return mode == Op.Mem ? (both, (ushort)0) : mode == Op.Atomic ? Atomic(insn, src, dst) : (Everything, (ushort)0);
            case Op.Alu or Op.Alu64:
                return Op.Code(insn.Code) switch
                {
                    Op.End => (dst, dst),
                    Op.Mov => (isRegister ? src : (ushort)0, dst),
                    _ => (isRegister ? both : dst, dst),
                };
            default:
                return Op.Code(insn.Code) switch
                {
                    Op.Ja or Op.Jcond => ((ushort)0, (ushort)0),
                    Op.Exit => ((ushort)1, (ushort)0),
                    Op.Call => (CallUses(env, insn), CallerSaved),
                    _ => (isRegister ? both : dst, (ushort)0),
                };
        }
    }

    private static (ushort Used, ushort Defined) Atomic(Insn insn, ushort src, ushort dst) => insn.Imm switch
    {
        Op.Cmpxchg => ((ushort)(src | dst | 1), (ushort)1),
        Op.LoadAcquire => (src, dst),
        Op.StoreRelease => ((ushort)(src | dst), (ushort)0),
        _ => ((ushort)(src | dst), (insn.Imm & Op.Fetch) != 0 ? src : (ushort)0),
    };

    private static ushort CallUses(VerifierEnv env, Insn insn) =>
        CallSummary.Of(env, insn) is CallSummary call ? (ushort)((1 << (call.Parameters + 1)) - 2) : (ushort)(CallerSaved & ~1);
}
