using WebBpf.Kernel.Btf;
using WebBpf.Kernel.Helpers;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Isa.Assembly;
using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Memory;
using WebBpf.Kernel.Programs;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;
using WebBpf.Kernel.Verifier.Structure;
using WebBpf.Linux;
using WebBpf.Tests.Corpus;
using Xunit;

namespace WebBpf.Tests.Parity.Corpus;

/// <summary>
/// The passes before the walk on the whole corpus: their log (functions, live registers, the rejection where there is one) is the
/// beginning of the machine's. Cases with BTF, or with helpers that have no prototype yet, are left out.
/// </summary>
public sealed class StructureParityTests(ITestOutputHelper output) : IDisposable
{
    private static readonly Func<VerifierEnv, int>[] Passes =
    [
        DebugInfo.Early, Subprograms.Discover, Subprograms.Check, DebugInfo.Run, PseudoLoads.Run, ControlFlow.Run, Postorder.Run, Components.Run, LiveRegisters.Run,
    ];

    private readonly BpfMemory _memory = new();

    [Fact]
    public void The_log_before_the_walk_is_the_kernels()
    {
        if (LinuxKernel.Probe() is { } reason)
            Assert.Skip(reason);
        var host = new CorpusHost(new LinuxKernel());
        List<string> differences = [];
        int compared = 0;
        foreach (CorpusCase one in CorpusFile.All().SelectMany(f => f.Cases).Where(IsCovered))
        {
            Insn[] insns = Assembler.Assemble(one.Asm).Insns;
            if (insns.Any(i => i.IsHelperCall() && i.Imm is > 0 and < 212 && HelperRegistry.Proto((BpfFuncId)i.Imm) is null) || OurMaps(one) is not { } maps)
                continue;
            string expected = BeforeTheWalk(host.Run(one).Log);
            string actual = Ours(one, maps);
            compared++;
            if (expected != actual)
                differences.Add($"{one.Id}\n{FirstDifference(expected, actual)}");
        }

        output.WriteLine($"{compared} cases compared, {differences.Count} differ\n{string.Join('\n', differences)}");
        Assert.Empty(differences);
    }

    public void Dispose() => _memory.Dispose();

    // The attach type and the sleepable flag are judged outside of these passes.
    private static bool IsCovered(CorpusCase one) => one.LogLevel == 2 && one.Find("func") is null && one.Type is not (BpfProgType.Syscall or BpfProgType.CgroupSockAddr);

    private static string BeforeTheWalk(string log)
    {
        IEnumerable<string> lines = log.Split('\n').TakeWhile(l => !l.StartsWith("0: R", StringComparison.Ordinal) && !l.StartsWith("processed ", StringComparison.Ordinal));
        return string.Join('\n', lines.Select(HideValue)).TrimEnd('\n');
    }

    // Addresses of maps differ between kernels.
    private static string HideValue(string line) => line.IndexOf("(18) r", StringComparison.Ordinal) is >= 0 and int at ? line[..(at + 7)] : line;

    private static string FirstDifference(string expected, string actual)
    {
        string[] left = expected.Split('\n');
        string[] right = actual.Split('\n');
        int at = 0;
        while (at < left.Length && at < right.Length && left[at] == right[at])
            at++;
        return $"    linux: {left.ElementAtOrDefault(at)}\n    ours:  {right.ElementAtOrDefault(at)}";
    }

    private List<BpfMap>? OurMaps(CorpusCase one)
    {
        List<BpfMap> maps = [];
        var context = new MapContext(_memory, 2);
        foreach (CorpusMap map in one.Maps)
        {
            var definition = new MapDefinition(map.Type, map.KeySize, map.ValueSize, map.MaxEntries) { Flags = map.Flags, Name = map.Name };
            if (map.Inner is not null || MapRegistry.Find(map.Type) is not { } family || family.Create(definition, context, out BpfMap? made) != 0)
                return null;
            maps.Add(made!);
        }

        return maps;
    }

    private static string Ours(CorpusCase one, List<BpfMap> maps)
    {
        string[] names = [.. one.Maps.Select(m => m.Name)];
        var log = new VerifierLog(VerifierLog.Level1 | VerifierLog.Level2);
        var env = new VerifierEnv(new VerifierRequest
        {
            Insns = Assembler.Assemble(one.Asm, new Names(names)).Insns,
            Program = new ProgramFacts { Type = ProgramTypeRegistry.Find(one.Type) ?? new AnyType(one.Type), GplCompatible = true },
            Environment = new Objects(maps),
            Log = log,
        });
        foreach (Func<VerifierEnv, int> pass in Passes)
        {
            if (pass(env) != 0)
                break;
        }

        return BeforeTheWalk(log.ToString());
    }

    private sealed class Names(string[] names) : IAsmSymbols
    {
        public int? MapFd(string name) => Array.IndexOf(names, name) + 3;

        public int? KfuncId(string name) => null;
    }

    private sealed class Objects(List<BpfMap> maps) : IVerifierEnvironment
    {
        public BtfObject? VmlinuxBtf => null;

        public int Cpus => 2;

        public BpfMap? GetMap(int fd, out int error)
        {
            BpfMap? map = maps.ElementAtOrDefault(fd - 3);
            error = map is null ? -Errno.EBADF : 0;
            return map is not null && map.TryGet() ? map : null;
        }

        public BtfObject? GetBtf(int fd, out int error)
        {
            error = -Errno.EBADF;
            return null;
        }
    }

    private sealed class AnyType(BpfProgType type) : ProgramTypeInfo
    {
        public override BpfProgType Type => type;

        public override HelperProto? GetHelper(BpfFuncId id, ProgramFacts program) => HelperRegistry.Proto(id);

        public override bool IsValidAccess(int off, int size, bool write, ProgramFacts program, ref CtxAccess access) => false;

        public override int ConvertAccess(bool write, Insn insn, Span<Insn> output, ProgramFacts program, out int targetSize)
        {
            targetSize = 0;
            return 0;
        }
    }
}
