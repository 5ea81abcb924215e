using System.Runtime.CompilerServices;

namespace WebBpf.Kernel.Interpreter;

/// <summary>
/// Everything that changes while a program is interpreted: registers, the next instruction, and the frames of callers. Copying it is a snapshot of the
/// run (memory aside): a debugger steps by <see cref="InterpretedProgram.Step"/> and looks here.
/// </summary>
public unsafe struct InterpreterState
{
    /// <summary>Frames of a call chain, the first included (MAX_CALL_FRAMES).</summary>
    public const int MaxFrames = 8;

    /// <summary>R0-R10 and the scratch register of rewrites.</summary>
    public fixed ulong Registers[12];

    /// <summary>Index of the instruction that the next step executes.</summary>
    public int Next;

    /// <summary>Subprogram that runs.</summary>
    public int Subprog;

    /// <summary>Callers below the current frame, 0 in the first function.</summary>
    public int Depth;

    /// <summary>True after the exit of the first function: R0 is the result.</summary>
    public bool Done;

    /// <summary>What callers get back; the first <see cref="Depth"/> are in use.</summary>
    public Frames Callers;

    /// <summary>A caller's registers that survive a call, and where it goes on.</summary>
    public struct Frame
    {
        public ulong R6, R7, R8, R9, R10;
        public int Return;
        public int Subprog;
    }

    /// <summary>Room for the callers of the deepest frame.</summary>
    [InlineArray(MaxFrames)]
    public struct Frames
    {
        private Frame _first;
    }
}
