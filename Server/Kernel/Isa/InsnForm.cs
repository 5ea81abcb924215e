namespace WebBpf.Kernel.Isa;

/// <summary>The shape of an instruction: how its fields are read and how it is written. One opcode has one form.</summary>
public enum InsnForm : byte
{
    /// <summary>No instruction of the set.</summary>
    None,

    /// <summary><c>r1 += 5</c>; off = 1 makes division and modulo signed.</summary>
    AluImm,

    /// <summary><c>r1 += r2</c>; off selects signed division, sign-extending moves and address-space casts.</summary>
    AluReg,

    /// <summary><c>r1 = -r1</c></summary>
    Neg,

    /// <summary><c>r1 = be16 r1</c>, the immediate is the width in bits.</summary>
    ByteOrder,

    /// <summary><c>r1 = bswap16 r1</c>, the immediate is the width in bits.</summary>
    ByteSwap,

    /// <summary>The two slots of <c>r1 = 0x1122334455667788</c>; the source field is a pseudo source.</summary>
    LoadImm64,

    /// <summary><c>r0 = *(u16 *)skb[12]</c></summary>
    LoadAbs,

    /// <summary><c>r0 = *(u16 *)skb[r1 + 12]</c></summary>
    LoadInd,

    /// <summary><c>r1 = *(u32 *)(r2 +4)</c></summary>
    LoadMem,

    /// <summary><c>r1 = *(s32 *)(r2 +4)</c></summary>
    LoadMemSx,

    /// <summary><c>*(u32 *)(r1 +4) = 7</c></summary>
    StoreImm,

    /// <summary><c>*(u32 *)(r1 +4) = r2</c></summary>
    StoreReg,

    /// <summary><c>lock *(u64 *)(r1 +4) += r2</c> and what else the immediate selects.</summary>
    Atomic,

    /// <summary><c>goto pc+2</c>, distance in off.</summary>
    Goto,

    /// <summary><c>gotol pc+2</c>, distance in imm.</summary>
    GotoLong,

    /// <summary><c>may_goto pc+2</c></summary>
    MayGoto,

    /// <summary><c>if r1 == 0x5 goto pc+2</c></summary>
    JumpImm,

    /// <summary><c>if r1 == r2 goto pc+2</c></summary>
    JumpReg,

    /// <summary><c>call bpf_map_lookup_elem#1</c>, <c>call pc+5</c>; the source field tells the kind.</summary>
    Call,

    /// <summary><c>exit</c></summary>
    Exit,
}
