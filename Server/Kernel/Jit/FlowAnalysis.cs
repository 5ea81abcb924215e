using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Jit;

/// <summary>
/// Jump targets of a program, and the registers that are live before each instruction: a backward data-flow over each subprogram,
/// repeated until the arguments that subprograms read no longer grow.
/// </summary>
internal sealed class FlowAnalysis
{
    private readonly VerifiedProgram _program;
    private readonly bool[] _target;
    private readonly ushort[] _live;
    private readonly int[] _arguments;
    private readonly Dictionary<int, int> _subprogByStart = [];

    public FlowAnalysis(VerifiedProgram program)
    {
        _program = program;
        _target = new bool[program.Insns.Length + 1];
        _live = new ushort[program.Insns.Length + 1];
        _arguments = new int[program.Subprogs.Length];
        for (int i = 0; i < program.Subprogs.Length; i++)
            _subprogByStart.Add(program.Subprogs[i].Start, i);
        MarkTargets();
        SolveAll();
    }

    /// <summary>Whether some jump leads to an instruction.</summary>
    public bool IsTarget(int insn) => _target[insn];

    /// <summary>Registers that are read later, a bit each, before an instruction.</summary>
    public int LiveBefore(int insn) => _live[insn];

    /// <summary>Arguments a subprogram takes: 0-5, up to the highest of R1-R5 that it reads before it writes it.</summary>
    public int Arguments(int subprog) => _arguments[subprog];

    /// <summary>Index of the subprogram that starts at an instruction.</summary>
    public int SubprogAt(int start) => _subprogByStart[start];

    /// <summary>The instruction a jump leads to, or -1 where it is none (calls and exit included).</summary>
    public static int JumpTarget(int at, in Insn insn)
    {
        if (insn.Class is not (Op.Jmp or Op.Jmp32))
            return -1;
        int code = insn.Code & 0xf0;
        if (code is Op.Call or Op.Exit)
            return -1;
        return at + 1 + (insn.Class == Op.Jmp32 && code == Op.Ja ? insn.Imm : insn.Off);
    }

    /// <summary>True where the next instruction is never reached from this one.</summary>
    public static bool EndsFlow(in Insn insn) =>
        insn.Class is Op.Jmp or Op.Jmp32 && (insn.Code & 0xf0) is Op.Ja or Op.Exit && !(insn.Class == Op.Jmp32 && (insn.Code & 0xf0) == Op.Exit);

    private void MarkTargets()
    {
        for (int i = 0; i < _program.Insns.Length; i++)
        {
            int target = JumpTarget(i, _program.Insns[i]);
            if (target >= 0)
                _target[target] = true;
            if (_program.Insns[i].IsLdImm64)
                i++;
        }
    }

    private void SolveAll()
    {
        bool grown = true;
        while (grown)
        {
            grown = false;
            for (int i = 0; i < _program.Subprogs.Length; i++)
            {
                Solve(_program.Subprogs[i]);
                int live = _live[_program.Subprogs[i].Start];
                int arguments = 5;
                while (arguments > 0 && (live & (1 << arguments)) == 0)
                    arguments--;
                grown |= arguments != _arguments[i];
                _arguments[i] = arguments;
            }
        }
    }

    private void Solve(in Subprog subprog)
    {
        bool changed = true;
        while (changed)
        {
            changed = false;
            for (int i = subprog.End - 1; i >= subprog.Start; i--)
            {
                Insn insn = _program.Insns[i];
                int after = 0;
                if (!EndsFlow(insn) && i + 1 < subprog.End)
                    after = _live[i + 1];
                int target = JumpTarget(i, insn);
                if (target >= 0)
                    after |= _live[target];
                RegisterUse use = RegisterUse.Of(insn, Callee(i, insn));
                ushort before = (ushort)((after & ~use.Written) | use.Read);
                changed |= before != _live[i];
                _live[i] = before;
            }
        }
    }

    // R1-R5 as far as the subprogram called here reads them, a bit each.
    private int Callee(int at, in Insn insn) =>
        insn.Code == (Op.Jmp | Op.Call) && insn.Src == Op.PseudoCall ? ((1 << _arguments[_subprogByStart[at + 1 + insn.Imm]]) - 1) << 1 : 0;
}
