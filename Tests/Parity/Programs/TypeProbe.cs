using System.Text;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Programs;
using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;
using WebBpf.Linux;
using WebBpf.Tests.Parity.Syscall;
using Xunit;

namespace WebBpf.Tests.Parity.Programs;

/// <summary>Loads small programs of any type on the machine's kernel and keeps its log.</summary>
internal sealed class TypeProbe : IDisposable
{
    private const int LogSize = 1 << 16;
    private const uint Sleepable = 1 << 4;

    private readonly Caller _caller;
    private readonly UserBuffer _log;
    private readonly UserBuffer _insns;
    private readonly ulong _license;

    public TypeProbe()
    {
        if (LinuxKernel.Probe() is { } reason)
            Assert.Skip(reason);
        _caller = new Caller(new LinuxKernel());
        _log = _caller.Memory.Allocate(LogSize);
        _insns = _caller.Memory.Allocate(4096);
        _license = _caller.Memory.Copy("GPL");
    }

    /// <summary>Every registered type, once for each attach type that makes a difference.</summary>
    public static IEnumerable<ProgramFacts> Programs()
    {
        foreach (ProgramTypeInfo type in ProgramTypeRegistry.Types.OrderBy(t => t.Type))
        {
            IEnumerable<BpfAttachType> attachTypes = Enum.GetValues<BpfAttachType>().Where(a => Matters(type.Type, a));
            foreach (BpfAttachType attach in attachTypes.DefaultIfEmpty())
            {
                yield return new ProgramFacts
                {
                    Type = type,
                    ExpectedAttachType = attach,
                    GplCompatible = true,
                    Flags = type.Type == BpfProgType.Syscall ? Sleepable : 0,
                };
            }
        }
    }

    /// <summary>Loads the program; true where it was accepted. The log is the kernel's, level 1.</summary>
    public bool Load(ProgramFacts program, ReadOnlySpan<Insn> insns, out string log)
    {
        Insn.ToBytes(insns).CopyTo(_insns.Span);
        _log.Span[0] = 0;
        long fd = _caller.Call(
            BpfCommand.ProgLoad,
            ("prog_type", (ulong)program.Type.Type),
            ("expected_attach_type", (ulong)program.ExpectedAttachType),
            ("prog_flags", program.Flags),
            ("insn_cnt", (ulong)insns.Length),
            ("insns", _insns.Address),
            ("license", _license),
            ("log_level", 1),
            ("log_size", LogSize),
            ("log_buf", _log.Address));
        log = Encoding.ASCII.GetString(_log.Span[.._log.Span.IndexOf((byte)0)]);
        if (fd < 0)
        {
            // Without a word the verifier was not reached: such a probe says nothing.
            Assert.False(log.Length == 0, $"{program.Type.Type} attached as {program.ExpectedAttachType}: {Errno.Name(fd)} without a log");
            return false;
        }

        _caller.Task.Fds.Close((int)fd);
        return true;
    }

    public void Dispose() => _caller.Dispose();

    private static bool Matters(BpfProgType type, BpfAttachType attach) => type switch
    {
        BpfProgType.CgroupSkb => attach is BpfAttachType.CgroupInetIngress or BpfAttachType.CgroupInetEgress,
        BpfProgType.CgroupSock => attach is BpfAttachType.CgroupInetSockCreate or BpfAttachType.CgroupInetSockRelease
            or BpfAttachType.CgroupInet4PostBind or BpfAttachType.CgroupInet6PostBind,
        BpfProgType.CgroupSockAddr => attach.ToString() is var name && name.StartsWith("Cgroup", StringComparison.Ordinal)
            && (name.EndsWith("Bind", StringComparison.Ordinal) || name.EndsWith("Connect", StringComparison.Ordinal)
                || name.EndsWith("name", StringComparison.Ordinal) || name.EndsWith("msg", StringComparison.Ordinal))
            && !name.Contains("Post", StringComparison.Ordinal),
        BpfProgType.CgroupSockopt => attach is BpfAttachType.CgroupGetsockopt or BpfAttachType.CgroupSetsockopt,
        BpfProgType.SkLookup => attach == BpfAttachType.SkLookup,
        BpfProgType.Xdp => attach is BpfAttachType.CgroupInetIngress or BpfAttachType.XdpDevmap or BpfAttachType.XdpCpumap,
        BpfProgType.SkReuseport => attach is BpfAttachType.SkReuseportSelect or BpfAttachType.SkReuseportSelectOrMigrate,
        _ => false,
    };
}
