using System.Reflection;
using System.Reflection.Emit;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Jit;

/// <summary>
/// What the emitters share while one method is written: the IL stream, R0-R9 and the scratch register as locals (each an unsigned 64-bit number), the
/// arguments, and a label per jump target. A method covers the instructions [Start, End) of one subprogram: all of it, or a piece (<see cref="PieceContext"/>).
/// </summary>
internal abstract class EmitContext
{
    private readonly LocalBuilder?[] _registers = new LocalBuilder?[12];
    private readonly Dictionary<int, Label> _labels = [];

    protected EmitContext(ILGenerator il, CompileRequest request, IReadOnlyList<MethodInfo> methods, int subprog, int start, int end)
    {
        Il = il;
        Request = request;
        Methods = methods;
        Subprog = subprog;
        Start = start;
        End = end;
    }

    public ILGenerator Il { get; }
    public CompileRequest Request { get; }
    public VerifiedProgram Program => Request.Program;

    /// <summary>The method of each subprogram; empty where the program has but one.</summary>
    public IReadOnlyList<MethodInfo> Methods { get; }

    /// <summary>Index of the subprogram.</summary>
    public int Subprog { get; }

    /// <summary>First instruction of the method.</summary>
    public int Start { get; }

    /// <summary>Behind its last instruction.</summary>
    public int End { get; }

    /// <summary>The instruction that is being emitted.</summary>
    public int At { get; set; }

    public InsnFacts Facts => Program.Facts[At];

    /// <summary>Pushes the RunContext.</summary>
    public abstract void LoadRun();

    /// <summary>Pushes the sandbox's start (64 bits).</summary>
    public abstract void LoadBase();

    /// <summary>Pushes the frame pointer (64 bits).</summary>
    public abstract void LoadFrame();

    /// <summary>Leaves the function with the value of R0.</summary>
    public abstract void Return();

    /// <summary>Label for a jump to an instruction outside [Start, End).</summary>
    protected abstract Label Outside(int target);

    /// <summary>Pushes a register (64 bits).</summary>
    public void Load(int register)
    {
        if (register == Op.R10)
            LoadFrame();
        else
            Il.Emit(OpCodes.Ldloc, Register(register));
    }

    /// <summary>Pushes the low half of a register (32 bits).</summary>
    public void LoadLow(int register)
    {
        Load(register);
        Il.Emit(OpCodes.Conv_U4);
    }

    /// <summary>Pops 64 bits into a register.</summary>
    public void Store(int register) => Il.Emit(OpCodes.Stloc, Register(register));

    /// <summary>Pops 32 bits into a register; BPF zero-extends all 32-bit results.</summary>
    public void StoreLow(int register)
    {
        Il.Emit(OpCodes.Conv_U8);
        Store(register);
    }

    /// <summary>Pushes an immediate, sign-extended to 64 bits as BPF has it.</summary>
    public void Immediate(int value) => Il.Emit(OpCodes.Ldc_I8, (long)value);

    /// <summary>The local behind R0-R9 or the scratch register.</summary>
    public LocalBuilder Register(int register) => _registers[register] ??= Il.DeclareLocal(typeof(ulong));

    /// <summary>Where a jump to an instruction of the subprogram goes.</summary>
    public Label Target(int insn)
    {
        if (!_labels.TryGetValue(insn, out Label label))
            _labels.Add(insn, label = insn >= Start && insn < End ? Il.DefineLabel() : Outside(insn));
        return label;
    }

    /// <summary>Puts the label of an instruction here, where somebody jumps to it.</summary>
    public void MarkIfTarget(int insn)
    {
        if (Request.Flow.IsTarget(insn))
            Il.MarkLabel(Target(insn));
    }
}
