using System.Diagnostics;
using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Memory;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Bench;

/// <summary>
/// Our compiler (or interpreter) alone: no verifier and no system call around it. The two loads from the context that a program begins with are turned to our
/// context's layout, which is what the rewrites of the verifier would do.
/// </summary>
internal sealed unsafe class JitTarget : IBenchTarget, IRunServices
{
    private readonly ExecutionOptions _options;
    private readonly BpfMemory _memory = new();
    private readonly MapContext _maps;
    private readonly RunContext _run;

    public JitTarget(string name, ExecutionOptions options)
    {
        Name = name;
        _options = options;
        _maps = new MapContext(_memory, Environment.ProcessorCount);
        _run = new RunContext(_maps, 0, this);
    }

    public string Name { get; }
    public ulong MonotonicNs => (ulong)Stopwatch.GetTimestamp();
    public ulong BootNs => MonotonicNs;
    public ulong RealtimeNs => MonotonicNs;
    public ulong TaiNs => MonotonicNs;
    public BpfTask CurrentTask { get; } = new() { Pid = 1 };

    public void Trace(RunContext run, string text)
    {
    }

    public void Dispose() => _memory.Dispose();

    public ILoadedProgram? Load(BenchProgram program, out string problem)
    {
        problem = "";
        BpfMap[] maps = [.. program.Maps.Select(MakeMap)];
        ulong packet = _memory.Allocate((ulong)program.Data.Length + 16, 16);
        program.Data.CopyTo(new Span<byte>(_memory.Resolve(packet), program.Data.Length));
        ulong context = _memory.Allocate(16, 16);
        *(ulong*)_memory.Resolve(context) = packet;
        *(ulong*)_memory.Resolve(context + 8) = packet + (ulong)program.Data.Length;
        return new Loaded(this, Verified(program, maps), context);
    }

    private BpfMap MakeMap(BenchMap map)
    {
        MapFamily family = MapRegistry.Find(map.Type)!;
        if (family.Create(new MapDefinition(map.Type, map.KeySize, map.ValueSize, map.MaxEntries), _maps, out BpfMap? made) != 0)
            throw new InvalidOperationException("A map of the benchmark could not be made.");
        for (int i = 0; i < map.Fill; i++)
        {
            byte[] key = new byte[map.KeySize], value = new byte[map.ValueSize];
            BitConverter.TryWriteBytes(key, i * map.Step);
            value[0] = (byte)i;
            made!.UpdateElem(key, value, 0);
        }

        return made!;
    }

    private static VerifiedProgram Verified(BenchProgram program, BpfMap[] maps)
    {
        Insn[] insns = [.. program.Insns];
        var facts = new InsnFacts[insns.Length];
        var starts = new SortedSet<int> { 0 };
        for (int i = 0; i < insns.Length; i++)
        {
            facts[i] = new InsnFacts { MapIndex = -1, Original = i };
            Insn insn = insns[i];
            if (i < 2 && insn.Code == (Op.Ldx | Op.Mem | Op.W) && insn.Src == Op.R1)
                insns[i] = new Insn(Op.Ldx | Op.Mem | Op.DW, insn.Dst, insn.Src, insn.Off * 2, 0);
            else if (insn.Code == (Op.Jmp | Op.Call) && insn.Src == Op.PseudoCall)
                starts.Add(i + 1 + insn.Imm);
            else if (insn.Code == (Op.Jmp | Op.Call) && maps.Length > 0)
                facts[i].MapIndex = 0;
            if (insn.IsLdImm64 && insn.Src == Op.PseudoMapFd)
            {
                ulong address = maps[insn.Imm].Address;
                insns[i] = new Insn(insn.Code, insn.Dst, 0, 0, (int)(uint)address);
                insns[i + 1] = new Insn(0, 0, 0, 0, (int)(address >> 32));
            }
        }

        int[] bounds = [.. starts, insns.Length];
        return new VerifiedProgram
        {
            Insns = insns,
            Facts = facts,
            Subprogs = [.. Enumerable.Range(0, bounds.Length - 1).Select(i => new Subprog(bounds[i], bounds[i + 1], i == 0 ? 256 : 0))],
            UsedMaps = maps,
        };
    }

    private sealed class Loaded(JitTarget target, VerifiedProgram program, ulong context) : ILoadedProgram
    {
        private readonly IExecutable _code = ExecutableFactory.Create(program, target._options);

        public uint Run(int repeat, out double ns)
        {
            ulong result = 0;
            double start = ThreadClock.Now;
            for (int i = 0; i < repeat; i++)
                result = _code.Run(target._run, context);
            ns = (ThreadClock.Now - start) / repeat;
            return (uint)result;
        }

        public double TimeLoad()
        {
            long start = Stopwatch.GetTimestamp();
            ExecutableFactory.Create(program, target._options).Dispose();
            return Stopwatch.GetElapsedTime(start).TotalNanoseconds;
        }

        public void Dispose() => _code.Dispose();
    }
}
