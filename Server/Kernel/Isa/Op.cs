namespace WebBpf.Kernel.Isa;

/// <summary>
/// The parts of an opcode byte (RFC 9669, section 3; linux/bpf.h and linux/bpf_common.h, 6.18).
/// </summary>
public static class Op
{
    //  7 6 5 4 | 3 | 2 1 0
    //   code   | s | class      arithmetic and jumps: s = K (immediate) or X (register)
    //
    //  7 6 5 | 4 3 | 2 1 0
    //   mode | size| class      loads and stores
    public const int Ld = 0x00;
    public const int Ldx = 0x01;
    public const int St = 0x02;
    public const int Stx = 0x03;
    public const int Alu = 0x04;
    public const int Jmp = 0x05;
    public const int Jmp32 = 0x06;
    public const int Alu64 = 0x07;

    public const int K = 0x00;
    public const int X = 0x08;

    public const int W = 0x00;
    public const int H = 0x08;
    public const int B = 0x10;
    public const int DW = 0x18;

    public const int Imm = 0x00;
    public const int Abs = 0x20;
    public const int Ind = 0x40;
    public const int Mem = 0x60;
    public const int MemSx = 0x80;
    public const int Atomic = 0xc0;

    public const int Add = 0x00;
    public const int Sub = 0x10;
    public const int Mul = 0x20;
    public const int Div = 0x30;
    public const int Or = 0x40;
    public const int And = 0x50;
    public const int Lsh = 0x60;
    public const int Rsh = 0x70;
    public const int Neg = 0x80;
    public const int Mod = 0x90;
    public const int Xor = 0xa0;
    public const int Mov = 0xb0;
    public const int Arsh = 0xc0;
    public const int End = 0xd0;

    public const int Ja = 0x00;
    public const int Jeq = 0x10;
    public const int Jgt = 0x20;
    public const int Jge = 0x30;
    public const int Jset = 0x40;
    public const int Jne = 0x50;
    public const int Jsgt = 0x60;
    public const int Jsge = 0x70;
    public const int Call = 0x80;
    public const int Exit = 0x90;
    public const int Jlt = 0xa0;
    public const int Jle = 0xb0;
    public const int Jslt = 0xc0;
    public const int Jsle = 0xd0;
    public const int Jcond = 0xe0;

    /// <summary>Byte order conversions: the source bit chooses to-little or to-big (class Alu), swap in class Alu64.</summary>
    public const int ToLe = 0x00;
    public const int ToBe = 0x08;

    /// <summary>Atomic operations, in the immediate: the arithmetic code, with <see cref="Fetch"/> where the old value is returned.</summary>
    public const int Fetch = 0x01;
    public const int Xchg = 0xe0 | Fetch;
    public const int Cmpxchg = 0xf0 | Fetch;
    public const int LoadAcquire = 0x100;
    public const int StoreRelease = 0x110;

    /// <summary>Source register values of a 64-bit immediate load.</summary>
    public const int PseudoMapFd = 1;
    public const int PseudoMapValue = 2;
    public const int PseudoBtfId = 3;
    public const int PseudoFunc = 4;
    public const int PseudoMapIdx = 5;
    public const int PseudoMapIdxValue = 6;

    /// <summary>Source register values of a call.</summary>
    public const int PseudoCall = 1;
    public const int PseudoKfuncCall = 2;

    /// <summary>Source register of a conditional pseudo jump: may_goto.</summary>
    public const int MayGoto = 0;

    public const int R0 = 0;
    public const int R1 = 1;
    public const int R2 = 2;
    public const int R3 = 3;
    public const int R4 = 4;
    public const int R5 = 5;
    public const int R6 = 6;
    public const int R7 = 7;
    public const int R8 = 8;
    public const int R9 = 9;

    /// <summary>The frame pointer, read-only.</summary>
    public const int R10 = 10;

    /// <summary>A register that only rewrites may use (BPF_REG_AX).</summary>
    public const int RegAx = 11;

    public const int MaxRegs = 11;

    /// <summary>Code of an arithmetic or jump instruction (upper four bits).</summary>
    public static int Code(int opcode) => opcode & 0xf0;

    /// <summary>Source bit: <see cref="K"/> or <see cref="X"/>.</summary>
    public static int Source(int opcode) => opcode & 0x08;

    /// <summary>Size field of a load or store.</summary>
    public static int SizeField(int opcode) => opcode & 0x18;

    /// <summary>Mode field of a load or store.</summary>
    public static int Mode(int opcode) => opcode & 0xe0;

    /// <summary>Width in bytes of a load or store.</summary>
    public static int SizeBytes(int opcode) => (opcode & 0x18) switch { W => 4, H => 2, B => 1, _ => 8 };
}
