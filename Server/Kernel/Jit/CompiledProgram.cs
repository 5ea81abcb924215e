using System.Runtime.CompilerServices;
using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Jit;

/// <summary>
/// A program as machine code. Where it writes map values it has a second, tracked form that announces its stores; this one is compiled when a map of the
/// program first becomes durable or watched, and runs as long as one is. A run that began before the change ends in the form it began
/// with: what it stored unannounced is then marked as a whole.
/// </summary>
public sealed class CompiledProgram : IExecutable
{
    private readonly VerifiedProgram _program;
    private readonly FlowAnalysis _flow;
    private readonly Isolation _isolation;
    private readonly BpfMap[] _maps;
    private readonly MachineCode _plain;
    private readonly Lock _lock = new();
    private MachineCode? _tracked;
    private volatile MachineCode _current;

    public CompiledProgram(VerifiedProgram program, Isolation isolation)
    {
        _program = program;
        _flow = new FlowAnalysis(program);
        _isolation = isolation;
        _maps = program.UsedMaps;
        _current = _plain = JitCompiler.Compile(program, _flow, isolation, tracked: false);
        if (!program.WritesMapValues)
            return;
        foreach (BpfMap map in _maps)
            map.TrackedChanged += OnTrackedChanged;
        ChooseForm();
    }

    /// <summary>True while runs begin in the tracked form.</summary>
    public bool IsTracked => _current != _plain;

    public ulong Run(RunContext run, ulong context)
    {
        ulong frame = run.Begin(this, _maps);
        if (frame == 0)
            return RunNested(run, context);
        try
        {
            return Execute(run, frame, context);
        }
        finally
        {
            run.End();
        }
    }

    public ulong TailEnter(RunContext run, ulong context, ulong frame)
    {
        BpfMap[] callers = run.UsedMaps;
        run.UsedMaps = _maps;
        ulong result = Execute(run, frame, context);
        run.UsedMaps = callers;
        return result;
    }

    public ulong Invoke(RunContext run, int subprog, ulong a1, ulong a2, ulong a3, ulong a4, ulong a5)
    {
        // A callback that calls back itself lowers the top for its own callees; the helper that called it goes on from here.
        ulong frame = run.StackTop;
        ulong result = _current.Call(run, subprog, frame, a1, a2, a3, a4, a5);
        run.StackTop = frame;
        return result;
    }

    public void Dispose()
    {
        if (!_program.WritesMapValues)
            return;
        foreach (BpfMap map in _maps)
            map.TrackedChanged -= OnTrackedChanged;
    }

    private ulong RunNested(RunContext run, ulong context)
    {
        ulong frame = run.Enter(this, _maps, out RunContext.Saved saved);
        if (frame == 0)
            return 0;
        try
        {
            return Execute(run, frame, context);
        }
        finally
        {
            run.Leave(saved);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong Execute(RunContext run, ulong frame, ulong context)
    {
        MachineCode code = _current;
        ulong result = code.Enter(run, frame, context);
        if (code == _plain && _current != code)
            MarkAll();
        return result;
    }

    private void MarkAll()
    {
        foreach (BpfMap map in _maps)
            map.Tracking?.MarkAll();
    }

    private void OnTrackedChanged(BpfMap map) => ChooseForm();

    private void ChooseForm()
    {
        lock (_lock)
        {
            bool track = Array.Exists(_maps, map => map.IsTracked);
            if (track)
                _tracked ??= JitCompiler.Compile(_program, _flow, _isolation, tracked: true);
            _current = track ? _tracked! : _plain;
        }
    }
}
