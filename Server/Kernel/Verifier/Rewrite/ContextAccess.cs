using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier.State;

namespace WebBpf.Kernel.Verifier.Rewrite;

/// <summary>
/// Turns accesses to the context as programs see it into accesses to the context as it lies in memory, and puts the program type's
/// prologue in front. A load of a part of a field loads the whole field and cuts the part out:
/// <code>
/// r1 = *(u8 *)(ctx + 2)   ->   r1 = whole field; w1 >>= 16; w1 &amp;= 0xff
/// </code>
/// As convert_ctx_accesses in kernel/bpf/verifier.c (6.18).
/// </summary>
public static class ContextAccess
{
    /// <summary>Instructions that one access may become.</summary>
    private const int MaxSequence = 32;

    public static int Run(VerifierEnv env)
    {
        ProgramFacts program = env.Request.Program;
        Span<Insn> buffer = new Insn[MaxSequence];
        int count = program.Type.Prologue(env.SeenDirectWrite, program, env.Insns[0], buffer);
        if (count > 0)
        {
            var prologue = new InsnPatcher(env);
            prologue.InsertBefore(0, buffer[..count]);
            int error = prologue.Apply();
            if (error != 0)
                return error;
        }

        if (!program.Type.ConvertsContext)
            return 0;
        var patcher = new InsnPatcher(env);
        for (int i = 0; i < env.Insns.Length; i++)
        {
            Insn insn = env.Insns[i];
            bool load = insn.Class == Op.Ldx && Op.Mode(insn.Code) is Op.Mem or Op.MemSx;
            bool store = insn.Class is Op.St or Op.Stx && Op.Mode(insn.Code) == Op.Mem;
            if ((!load && !store) || env.Aux[i].PtrType != (uint)RegType.PtrToCtx)
                continue;
            count = Convert(program, insn, store, env.Aux[i].CtxFieldSize, buffer);
            if (count <= 0)
            {
                env.Log.Write($"verifier bug: error during ctx access conversion ({count})\n");
                return -Errno.EFAULT;
            }

            patcher.Replace(i, buffer[..count], count - 1);
        }

        return patcher.Apply();
    }

    /// <summary>Writes what replaces one access; returns how many instructions that are, 0 where the program type has no answer.</summary>
    private static int Convert(ProgramFacts program, Insn insn, bool store, int fieldSize, Span<Insn> output)
    {
        int size = Op.SizeBytes(insn.Code);
        bool narrow = size < fieldSize;
        Insn access = insn;
        if (narrow)
        {
            if (store)
                return 0;
            int width = fieldSize switch { 4 => Op.W, 8 => Op.DW, _ => Op.H };
            access = new Insn(Op.Ldx | Op.Mem | width, insn.Dst, insn.Src, insn.Off & ~(fieldSize - 1), insn.Imm);
        }

        int count = program.Type.ConvertAccess(store, access, output, program, out int targetSize);
        if (count <= 0 || count > MaxSequence - 3 || (fieldSize != 0 && targetSize == 0))
            return 0;
        if (narrow && size < targetSize)
        {
            int shift = (insn.Off & (fieldSize - 1)) * 8;
            int mask = size == 4 ? -1 : (1 << (size * 8)) - 1;
            if (shift != 0)
                output[count++] = new Insn((fieldSize <= 4 ? Op.Alu : Op.Alu64) | Op.Rsh | Op.K, insn.Dst, 0, 0, shift);
            output[count++] = new Insn(Op.Alu | Op.And | Op.K, insn.Dst, 0, 0, mask);
        }

        if (Op.Mode(insn.Code) == Op.MemSx && !store)
            output[count++] = new Insn(Op.Alu64 | Op.Mov | Op.X, insn.Dst, insn.Dst, size * 8, 0);
        return count;
    }
}
