using System.Diagnostics;
using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Memory;
using WebBpf.Kernel.Programs;

namespace WebBpf.Kernel.Execution;

/// <summary>
/// A virtual CPU while it runs programs: what helpers and compiled code need at hand. There is one per CPU; a nested run keeps its CPU
/// and takes a further stack area. Helper bodies have the shape <c>static ulong NameCall(RunContext run, ulong r1, ulong r2, ulong r3, ulong r4, ulong r5)</c>
/// and read memory only through <see cref="BpfMemory.Resolve"/>. Not safe for several threads at once: whoever rented the CPU owns it.
/// </summary>
public sealed unsafe partial class RunContext
{
    /// <summary>
    /// Stack of one run in bytes. A call chain has at most 8 frames of 512 bytes; each of 33 tail calls from a subprogram
    /// leaves up to 256 bytes of callers below it.
    /// </summary>
    public const int StackBytes = 16 << 10;

    /// <summary>Runs that may be inside each other on one CPU; a deeper one is refused, as recursion is by the kernel.</summary>
    public const int MaxNesting = 8;

    /// <summary>Room for keys and other scratch of helpers that call back, per nesting level, in bytes.</summary>
    public const int ScratchBytes = 1024;

    // The clock is read once per this many checks; a power of two.
    private const int ChecksPerClock = 64;

    // may_goto between two looks at the clock (BPF_MAX_TIMED_LOOPS), and the time all may take.
    private const int MayGotoBatch = 0xffff;
    private static readonly TimeSpan MayGotoTime = TimeSpan.FromMilliseconds(250);

    private readonly ulong _stackBottom;
    private uint _checks;
    private int _mayGotoLeft;
    private long _mayGotoSince;

    public RunContext(MapContext maps, int cpu, IRunServices services)
    {
        Maps = maps;
        Memory = maps.Memory;
        Base = maps.Memory.Base;
        Cpu = cpu;
        Services = services;
        _stackBottom = Memory.Allocate(MaxNesting * (StackBytes + ScratchBytes), 4096);
        if (_stackBottom == 0)
            throw new OutOfMemoryException("No room for the stack of a virtual CPU in BPF memory.");
    }

    public MapContext Maps { get; }
    public BpfMemory Memory { get; }
    public byte* Base { get; }
    public int Cpu { get; }
    public IRunServices Services { get; }

    /// <summary>The program that runs; changes with tail calls.</summary>
    public BpfProgram? Program { get; set; }

    /// <summary>What the program types of this CPU keep between runs (a packet buffer).</summary>
    public object? PacketBuffer { get; set; }

    /// <summary>The code that runs: where <see cref="Invoke"/> finds callbacks.</summary>
    public IExecutable? Code { get; private set; }

    /// <summary>The maps of the code that runs, as <see cref="Verifier.VerifiedProgram.UsedMaps"/>: compiled code finds them here.</summary>
    public BpfMap[] UsedMaps { get; internal set; } = [];

    /// <summary>What the program type keeps for its helpers during a run (the packet of an skb or xdp run).</summary>
    public object? Subject { get; set; }

    /// <summary>Set where a run was cut off.</summary>
    public RunAbort Abort { get; set; }

    /// <summary>Stopwatch ticks after which callbacks, tail calls, may_goto and repeat stop.</summary>
    public long Deadline { get; set; } = long.MaxValue;

    /// <summary>Checked at the same places as the deadline.</summary>
    public CancellationToken Cancellation { get; set; }

    /// <summary>Tail calls made so far in this run (limit 33).</summary>
    public int TailCalls { get; set; }

    /// <summary>Runs inside each other at this moment, 0 where the CPU is idle.</summary>
    public int Nesting { get; private set; }

    /// <summary>
    /// Address just above the next free frame: a callback's frame pointer. Compiled code lowers it below its own frames before it calls a
    /// helper that calls back.
    /// </summary>
    public ulong StackTop { get; set; }

    /// <summary><see cref="ScratchBytes"/> bytes of the running program's nesting level, for keys that helpers hand to callbacks.</summary>
    public ulong Scratch => _stackBottom + MaxNesting * StackBytes + (ulong)(Nesting - 1) * ScratchBytes;

    /// <summary>
    /// Runs a program on this CPU, alone or inside another run, and returns R0. Where <see cref="MaxNesting"/> is reached nothing runs: the miss is
    /// counted and 0 returned, as the kernel does on recursion.
    /// </summary>
    /// <param name="program">The caller holds a reference during the run.</param>
    /// <param name="context">Address of the context in the sandbox.</param>
    public ulong Run(BpfProgram program, ulong context)
    {
        if (Nesting == MaxNesting)
        {
            program.Statistics.Missed();
            return 0;
        }

        BpfProgram? outer = Program;
        Program = program;
        try
        {
            return program.Executable.Run(this, context);
        }
        finally
        {
            Program = outer;
        }
    }

    /// <summary>
    /// Calls a subprogram back: <paramref name="callback"/> is what BPF_PSEUDO_FUNC loaded. Returns its R0. The caller asks
    /// <see cref="CheckBudget"/> before each call.
    /// </summary>
    public ulong Invoke(ulong callback, ulong a1, ulong a2, ulong a3, ulong a4, ulong a5) =>
        Code!.Invoke(this, (int)callback, a1, a2, a3, a4, a5);

    /// <summary>
    /// True while the run may go on: asked before each callback, tail call, may_goto and repetition. The run is not torn down where it may not:
    /// the helper that asked returns early, so that the program ends on its own path and gives back what it holds.
    /// </summary>
    public bool CheckBudget()
    {
        if (Abort != RunAbort.None)
            return false;
        return (++_checks & (ChecksPerClock - 1)) != 0 || CheckClock();
    }

    /// <summary>As <see cref="CheckBudget"/>, reading the clock at once.</summary>
    public bool CheckClock()
    {
        if (Abort != RunAbort.None)
            return false;
        if (Cancellation.IsCancellationRequested)
            Abort = RunAbort.Cancelled;
        else if (Deadline != long.MaxValue && Stopwatch.GetTimestamp() > Deadline)
            Abort = RunAbort.Deadline;
        return Abort == RunAbort.None;
    }

    /// <summary>
    /// Decides a may_goto that was not rewritten: true to go on with the loop. A run has 250 ms for all its may_goto loops, counted
    /// from the first time that <see cref="MayGotoBatch"/> were taken (as bpf_check_timed_may_goto in kernel/bpf/core.c, 6.18).
    /// </summary>
    public bool MayGoto() => --_mayGotoLeft > 0 || RefillMayGoto();

    private bool RefillMayGoto()
    {
        long now = Stopwatch.GetTimestamp();
        if (_mayGotoSince == 0)
            _mayGotoSince = now;
        bool ended = !CheckClock() || Stopwatch.GetElapsedTime(_mayGotoSince, now) > MayGotoTime;
        _mayGotoLeft = ended ? 0 : MayGotoBatch;
        return !ended;
    }

    /// <summary>
    /// Begins the outermost run on this CPU; returns its frame pointer, or 0 where a run is in progress (see <see cref="Enter"/>). Repeated runs of the same code
    /// write no reference: what the last one left here is still right.
    /// </summary>
    internal ulong Begin(IExecutable code, BpfMap[] maps)
    {
        if (Nesting != 0)
            return 0;
        Nesting = 1;
        if (!ReferenceEquals(Code, code))
            Code = code;
        if (!ReferenceEquals(UsedMaps, maps))
            UsedMaps = maps;
        TailCalls = 0;
        _mayGotoLeft = MayGotoBatch;
        _mayGotoSince = 0;
        return StackTop = _stackBottom + StackBytes;
    }

    /// <summary>Ends what <see cref="Begin"/> began.</summary>
    internal void End() => Nesting = 0;

    /// <summary>Forgets whose code ran last: nothing may be kept alive by an idle CPU.</summary>
    internal void Idle()
    {
        Program = null;
        Subject = null;
        Code = null;
        UsedMaps = [];
        Cancellation = default;
    }

    /// <summary>Begins a run inside another on the next stack area; returns its frame pointer, or 0 where runs nest too deep.</summary>
    internal ulong Enter(IExecutable code, BpfMap[] maps, out Saved saved)
    {
        saved = new Saved(Code, UsedMaps, StackTop, TailCalls);
        if (Nesting == MaxNesting)
            return 0;
        Nesting++;
        Code = code;
        UsedMaps = maps;
        TailCalls = 0;
        StackTop = _stackBottom + (ulong)Nesting * StackBytes;
        return StackTop;
    }

    /// <summary>Ends what <see cref="Enter"/> began.</summary>
    internal void Leave(in Saved saved)
    {
        Nesting--;
        Code = saved.Code;
        UsedMaps = saved.Maps;
        StackTop = saved.StackTop;
        TailCalls = saved.TailCalls;
    }

    /// <summary>Goes over to the code of another program, in a tail call.</summary>
    internal void Switch(BpfProgram program)
    {
        Program = program;
        Code = program.Executable;
    }

    /// <summary>Comes back after a tail call made by a subprogram: the caller goes on in its own code.</summary>
    internal void SwitchBack(BpfProgram? program, IExecutable? code)
    {
        Program = program;
        Code = code;
    }

    /// <summary>What an outer run needs again after an inner one.</summary>
    internal readonly record struct Saved(IExecutable? Code, BpfMap[] Maps, ulong StackTop, int TailCalls);
}
