namespace WebBpf.Kernel.Isa;

/// <summary>What an instruction is, asked in words. All are answers about one slot; none looks at its neighbours.</summary>
public static class InsnPredicates
{
    /// <summary>off of a register move that casts between address spaces (BPF_ADDR_SPACE_CAST, linux/filter.h).</summary>
    public const short AddressSpaceCastOff = 1;

    /// <summary>off of a register move that makes a per-CPU address (BPF_ADDR_PERCPU); only rewrites make it.</summary>
    public const short PercpuAddressOff = -1;

    /// <summary>Slots taken: 2 for a 64-bit immediate load, otherwise 1.</summary>
    public static int Slots(this in Insn insn) => insn.IsLdImm64 ? 2 : 1;

    public static bool IsExit(this in Insn insn) => insn.Code == (Op.Jmp | Op.Exit);

    public static bool IsCall(this in Insn insn) => insn.Code == (Op.Jmp | Op.Call);

    public static bool IsHelperCall(this in Insn insn) => insn.IsCall() && insn.Src == 0;

    /// <summary>A call of a subprogram of the same program.</summary>
    public static bool IsPseudoCall(this in Insn insn) => insn.IsCall() && insn.Src == Op.PseudoCall;

    public static bool IsKfuncCall(this in Insn insn) => insn.IsCall() && insn.Src == Op.PseudoKfuncCall;

    /// <summary>The address of a subprogram, for callbacks.</summary>
    public static bool IsPseudoFunc(this in Insn insn) => insn.IsLdImm64 && insn.Src == Op.PseudoFunc;

    /// <summary>A 64-bit load that names a map by descriptor or by index into fd_array.</summary>
    public static bool IsMapLoad(this in Insn insn) =>
        insn.IsLdImm64 && insn.Src is Op.PseudoMapFd or Op.PseudoMapValue or Op.PseudoMapIdx or Op.PseudoMapIdxValue;

    /// <summary>goto or gotol.</summary>
    public static bool IsGoto(this in Insn insn) => insn.Code is (Op.Jmp | Op.Ja) or (Op.Jmp32 | Op.Ja);

    public static bool IsMayGoto(this in Insn insn) => insn.Code == (Op.Jmp | Op.Jcond);

    /// <summary>A comparison that jumps; may_goto is none.</summary>
    public static bool IsConditionalJump(this in Insn insn) => OpcodeTable.Get(insn.Code).Form is InsnForm.JumpImm or InsnForm.JumpReg;

    /// <summary>Any instruction with a jump target within the function: goto, gotol, may_goto, comparisons.</summary>
    public static bool HasJumpTarget(this in Insn insn) => insn.IsGoto() || insn.IsMayGoto() || insn.IsConditionalJump();

    /// <summary>Distance of a jump in slots, from the following one: imm for gotol, otherwise off (bpf_jmp_offset, linux/bpf_verifier.h).</summary>
    public static int JumpOffset(this in Insn insn) => insn.Code == (Op.Jmp32 | Op.Ja) ? insn.Imm : insn.Off;

    /// <summary>Index of a jump's target; may lie outside the program. 64 bits wide, so that no immediate overflows it.</summary>
    public static long JumpTarget(this in Insn insn, int index) => (long)index + 1 + insn.JumpOffset();

    /// <summary>Index of the function that a pseudo call or a pseudo func load refers to; may lie outside the program.</summary>
    public static long SubprogTarget(this in Insn insn, int index) => (long)index + 1 + insn.Imm;

    /// <summary>Operand is a register (bit X).</summary>
    public static bool UsesSourceRegister(this in Insn insn) => (insn.Code & Op.X) != 0;

    public static bool IsAlu(this in Insn insn) => insn.Class is Op.Alu or Op.Alu64;

    public static bool IsJump(this in Insn insn) => insn.Class is Op.Jmp or Op.Jmp32;

    /// <summary>s/= or s%=.</summary>
    public static bool IsSignedDivMod(this in Insn insn) => insn.IsAlu() && Op.Code(insn.Code) is Op.Div or Op.Mod && insn.Off == 1;

    /// <summary>A register move that sign-extends 8, 16 or (64-bit only) 32 bits.</summary>
    public static bool IsMovSx(this in Insn insn) =>
        (insn.Code == (Op.Alu64 | Op.Mov | Op.X) && insn.Off is 8 or 16 or 32) || (insn.Code == (Op.Alu | Op.Mov | Op.X) && insn.Off is 8 or 16);

    public static bool IsAddressSpaceCast(this in Insn insn) => insn.Code == (Op.Alu64 | Op.Mov | Op.X) && insn.Off == AddressSpaceCastOff;

    public static bool IsPercpuAddress(this in Insn insn) => insn.Code == (Op.Alu64 | Op.Mov | Op.X) && insn.Off == PercpuAddressOff;

    public static bool IsAtomic(this in Insn insn) => insn.Class == Op.Stx && Op.Mode(insn.Code) == Op.Atomic;

    public static bool IsLoadAcquire(this in Insn insn) => insn.IsAtomic() && insn.Imm == Op.LoadAcquire;

    public static bool IsStoreRelease(this in Insn insn) => insn.IsAtomic() && insn.Imm == Op.StoreRelease;

    public static bool IsCmpxchg(this in Insn insn) => insn.IsAtomic() && insn.Imm == Op.Cmpxchg;

    /// <summary>A read-modify-write that returns the old value, in R0 for cmpxchg and otherwise in the source register.</summary>
    public static bool IsAtomicFetch(this in Insn insn) => insn.IsAtomic() && insn.Imm is not (Op.LoadAcquire or Op.StoreRelease) && (insn.Imm & Op.Fetch) != 0;

    /// <summary>A speculation barrier (BPF_NOSPEC); only rewrites make it.</summary>
    public static bool IsNospec(this in Insn insn) => insn.Code == (Op.St | Op.Atomic);
}
