using System.Reflection;
using System.Reflection.Emit;
using WebBpf.Kernel.Isa;

namespace WebBpf.Kernel.Jit;

/// <summary>
/// A piece of a divided subprogram: <c>int Piece(RunContext run, ulong base, ulong frame, ulong* registers, int entry)</c>. It takes the registers
/// that are live at its entries from the array, and leaves with the number of the entry to go on at, or <see cref="Finished"/> with R0 in the array.
/// </summary>
internal sealed class PieceContext : EmitContext
{
    /// <summary>Returned after the subprogram's exit.</summary>
    public const int Finished = -1;

    /// <summary>Bytes of the register array.</summary>
    public const int RegisterBytes = 12 * 8;

    private readonly PiecePlan _plan;
    private readonly SortedDictionary<int, Label> _outside = [];

    public PieceContext(ILGenerator il, CompileRequest request, IReadOnlyList<MethodInfo> methods, int subprog, PiecePlan plan, Piece piece)
        : base(il, request, methods, subprog, piece.Start, piece.End)
    {
        _plan = plan;
        Enter();
    }

    public override void LoadRun() => Il.Emit(OpCodes.Ldarg_0);

    public override void LoadBase() => Il.Emit(OpCodes.Ldarg_1);

    public override void LoadFrame() => Il.Emit(OpCodes.Ldarg_2);

    public override void Return()
    {
        Save(Op.R0);
        Il.Emit(OpCodes.Ldc_I4, Finished);
        Il.Emit(OpCodes.Ret);
    }

    /// <summary>Writes the ways out to other pieces, after the last instruction.</summary>
    public void EmitExits()
    {
        foreach ((int target, Label label) in _outside)
        {
            Il.MarkLabel(label);
            for (int register = 0; register < 12; register++)
            {
                if (register != Op.R10 && (Request.Flow.LiveBefore(target) & (1 << register)) != 0)
                    Save(register);
            }

            Il.Emit(OpCodes.Ldc_I4, _plan.EntryNumber(target));
            Il.Emit(OpCodes.Ret);
        }
    }

    // Writes one slot of the array that is argument 3.
    private void Save(int register)
    {
        Il.Emit(OpCodes.Ldarg_3);
        Il.Emit(OpCodes.Ldc_I4, register * 8);
        Il.Emit(OpCodes.Add);
        Load(register);
        Il.Emit(OpCodes.Stind_I8);
    }

    protected override Label Outside(int target)
    {
        Label label = Il.DefineLabel();
        _outside.Add(target, label);
        return label;
    }

    private void Enter()
    {
        List<int> entries = [.. _plan.Entries.Where(entry => entry >= Start && entry < End)];
        int live = entries.Aggregate(0, (bits, entry) => bits | Request.Flow.LiveBefore(entry));
        for (int register = 0; register < 12; register++)
        {
            if (register == Op.R10 || (live & (1 << register)) == 0)
                continue;
            Il.Emit(OpCodes.Ldarg_3);
            Il.Emit(OpCodes.Ldc_I4, register * 8);
            Il.Emit(OpCodes.Add);
            Il.Emit(OpCodes.Ldind_I8);
            Store(register);
        }

        if (entries.Count == 1)
            return;
        Il.Emit(OpCodes.Ldarg, (short)4);
        Il.Emit(OpCodes.Ldc_I4, _plan.EntryNumber(entries[0]));
        Il.Emit(OpCodes.Sub);
        // A piece's first instruction is always an entry, and need not be the target of a jump.
        Label first = Il.DefineLabel();
        Il.Emit(OpCodes.Switch, entries.Select(entry => entry == Start ? first : Target(entry)).ToArray());
        Il.MarkLabel(first);
    }
}
