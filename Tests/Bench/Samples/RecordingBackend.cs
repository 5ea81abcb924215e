using System.Diagnostics;
using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Bench.Samples;

/// <summary>A BPF_PROG_LOAD that can be made again: the attr as the loader made it, and the memory its pointers refer to.</summary>
/// <param name="Name">prog_name.</param>
/// <param name="Attr">The attr before the call.</param>
/// <param name="Memory">The loader's memory.</param>
/// <param name="FirstNs">What the first call took.</param>
internal sealed record RecordedLoad(string Name, byte[] Attr, IUserMemory Memory, double FirstNs);

/// <summary>Passes calls on to a kernel and keeps the loads of programs, so that exactly the same call can be timed again.</summary>
internal sealed class RecordingBackend(IBpfBackend kernel) : IBpfBackend
{
    private const int ProgName = 48;
    private const int NameBytes = 16;

    public List<RecordedLoad> Loads { get; } = [];

    public long Bpf(BpfCommand cmd, Span<byte> attr, IUserMemory memory, in BpfCall call)
    {
        if (cmd != BpfCommand.ProgLoad)
            return kernel.Bpf(cmd, attr, memory, call);
        byte[] before = attr.ToArray();
        ReadOnlySpan<byte> name = before.AsSpan(ProgName, NameBytes);
        // Nobody listens: a verdict in records is not what is compared.
        long start = Stopwatch.GetTimestamp();
        long result = kernel.Bpf(cmd, attr, memory, new BpfCall(call.Task));
        double ns = Stopwatch.GetElapsedTime(start).TotalNanoseconds;
        Loads.Add(new RecordedLoad(System.Text.Encoding.ASCII.GetString(name[..Math.Max(name.IndexOf((byte)0), 0)]), before, memory, ns));
        return result;
    }
}
