using WebBpf.Kernel.Execution;

namespace WebBpf.Kernel.Jit;

/// <summary>First function of a compiled program.</summary>
/// <param name="run">The run.</param>
/// <param name="sandbox">Start of the sandbox.</param>
/// <param name="frame">Frame pointer.</param>
/// <param name="context">R1.</param>
internal delegate ulong EntryPoint(RunContext run, ulong sandbox, ulong frame, ulong context);

/// <summary>One compiled form of a program: its entry, and its subprograms as callbacks need them.</summary>
internal sealed unsafe class MachineCode
{
    private readonly EntryPoint? _entry;
    private readonly Type? _owner;
    private readonly nint[] _functions = [];
    private readonly int[] _arguments = [];

    public MachineCode(EntryPoint entry) => _entry = entry;

    /// <param name="owner">The dynamic type whose methods these are: keeping it keeps the code.</param>
    /// <param name="functions">Code address of each subprogram.</param>
    /// <param name="arguments">Arguments of each, 0-5.</param>
    public MachineCode(Type owner, nint[] functions, int[] arguments)
    {
        _owner = owner;
        _functions = functions;
        _arguments = arguments;
    }

    public ulong Enter(RunContext run, ulong frame, ulong context) =>
        _entry is not null ? _entry(run, (ulong)run.Base, frame, context) : Call(run, 0, frame, context, 0, 0, 0, 0);

    /// <summary>Calls one subprogram; arguments that it does not take are dropped.</summary>
    public ulong Call(RunContext run, int subprog, ulong frame, ulong a1, ulong a2, ulong a3, ulong a4, ulong a5)
    {
        ulong sandbox = (ulong)run.Base;
        nint code = _functions[subprog];
        ulong result = _arguments[subprog] switch
        {
            0 => ((delegate*<RunContext, ulong, ulong, ulong>)code)(run, sandbox, frame),
            1 => ((delegate*<RunContext, ulong, ulong, ulong, ulong>)code)(run, sandbox, frame, a1),
            2 => ((delegate*<RunContext, ulong, ulong, ulong, ulong, ulong>)code)(run, sandbox, frame, a1, a2),
            3 => ((delegate*<RunContext, ulong, ulong, ulong, ulong, ulong, ulong>)code)(run, sandbox, frame, a1, a2, a3),
            4 => ((delegate*<RunContext, ulong, ulong, ulong, ulong, ulong, ulong, ulong>)code)(run, sandbox, frame, a1, a2, a3, a4),
            _ => ((delegate*<RunContext, ulong, ulong, ulong, ulong, ulong, ulong, ulong, ulong>)code)(run, sandbox, frame, a1, a2, a3, a4, a5),
        };
        GC.KeepAlive(_owner);
        return result;
    }
}
