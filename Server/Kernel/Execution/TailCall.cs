using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Programs;

namespace WebBpf.Kernel.Execution;

/// <summary>A map whose values are programs (BPF_MAP_TYPE_PROG_ARRAY).</summary>
public interface IProgramTable
{
    /// <summary>Number of slots.</summary>
    uint MaxEntries { get; }

    /// <summary>The program in a slot, or null. Called from running programs: must not block. <paramref name="index"/> is below <see cref="MaxEntries"/>.</summary>
    BpfProgram? ProgramAt(uint index);
}

/// <summary>
/// bpf_tail_call: as emit_bpf_tail_call_indirect in arch/x86/net/bpf_jit_comp.c, 6.18. A missing program, an index out of range or
/// more than 33 calls make it fall through. The called program gets the caller's stack frame; what it returns is what the calling
/// function returns.
/// </summary>
public static class TailCall
{
    /// <summary>Tail calls allowed in one run (MAX_TAIL_CALL_CNT).</summary>
    public const int Limit = 33;

    /// <summary>Runs the program in the slot; false where the caller is to go on behind the call.</summary>
    /// <param name="run">The run in progress.</param>
    /// <param name="context">The context to hand over.</param>
    /// <param name="map">Address of the program array.</param>
    /// <param name="index">Only the low 32 bits count.</param>
    /// <param name="frame">Frame pointer of the calling function, whose frame is given up.</param>
    /// <param name="result">R0 of the program.</param>
    public static bool TryRun(RunContext run, ulong context, ulong map, ulong index, ulong frame, out ulong result)
    {
        result = 0;
        if (run.Maps.Find(map) is not IProgramTable table || (uint)index >= table.MaxEntries || run.TailCalls >= Limit)
            return false;
        BpfProgram? program = table.ProgramAt((uint)index);
        if (program is null || !run.CheckBudget() || !program.TryGet())
            return false;
        run.TailCalls++;
        BpfProgram? callerProgram = run.Program;
        IExecutable? callerCode = run.Code;
        run.Switch(program);
        try
        {
            result = program.Executable.TailEnter(run, context, frame);
        }
        finally
        {
            run.SwitchBack(callerProgram, callerCode);
            program.Put();
        }

        return true;
    }
}
