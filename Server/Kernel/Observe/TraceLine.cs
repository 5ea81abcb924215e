namespace WebBpf.Kernel.Observe;

/// <summary>One line of the trace pipe.</summary>
/// <param name="Seq">Rises by one with each line of a kernel.</param>
/// <param name="At">When.</param>
/// <param name="Cpu">Virtual CPU.</param>
/// <param name="Pid">The task on whose behalf the program ran.</param>
/// <param name="Comm">Its name.</param>
/// <param name="ProgramId">The program, 0 where none is known.</param>
/// <param name="Text">Without a newline at its end.</param>
public sealed record TraceLine(ulong Seq, DateTimeOffset At, int Cpu, uint Pid, string Comm, uint ProgramId, string Text);
