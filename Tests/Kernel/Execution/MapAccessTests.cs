using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Jit;
using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Observe;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;
using WebBpf.Tests.Common.Execution;
using Xunit;
using static WebBpf.Tests.Common.Execution.Asm;

namespace WebBpf.Tests.Kernel.Execution;

/// <summary>Lookups that compiled code does itself, and the form of a program that announces its stores.</summary>
public sealed class MapAccessTests : IDisposable
{
    private readonly ExecutionHarness _harness = new();

    public void Dispose() => _harness.Dispose();

    [Theory]
    [InlineData(BpfMapType.Array)]
    [InlineData(BpfMapType.PercpuArray)]
    [InlineData(BpfMapType.Hash)]
    [InlineData(BpfMapType.PercpuHash)]
    public void Lookups_give_the_same_address_inline_and_by_the_helper(BpfMapType type)
    {
        BpfMap map = Make(type, 24, 5);
        var run = new RunContext(_harness.Maps, 2, _harness);
        for (uint key = 0; key < 7; key++)
        {
            BitConverter.TryWriteBytes(_harness.ContextData, key);
            if (type is BpfMapType.Hash or BpfMapType.PercpuHash && key is 1 or 3)
                map.Update(_harness.Context, _harness.Context, 0, 2);
            ulong expected = map.Lookup(_harness.Context, 2);
            VerifiedProgram known = Lookup(map, known: true);
            foreach (VerifiedProgram program in new[] { known, Lookup(map, known: false) })
            {
                foreach (IExecutable engine in ExecutionHarness.Engines(program))
                    Assert.Equal(expected, engine.Run(run, _harness.Context));
            }
        }
    }

    [Fact]
    public void Stores_into_a_watched_map_are_announced_with_old_and_new_value()
    {
        BpfMap map = Make(BpfMapType.Array, 8, 4);
        foreach (Engine engine in Enum.GetValues<Engine>())
        {
            IExecutable program = ExecutableFactory.Create(Increment(map), new ExecutionOptions { Engine = engine });
            Put(map, 2, 41);
            Assert.Equal(0UL, Run(program, 2));
            MapWatch watch = map.Watch();
            Assert.Equal(0UL, Run(program, 2));
            MapChange change = Assert.Single(watch.Take(out _));
            watch.Dispose();
            Assert.Equal(0UL, Run(program, 2));
            Assert.Equal(MapOperation.Store, change.Op);
            Assert.Equal(2, BitConverter.ToInt32(change.Key));
            Assert.Equal(42UL, BitConverter.ToUInt64(change.Old));
            Assert.Equal(43UL, BitConverter.ToUInt64(change.New));
            Assert.Equal(44UL, Get(map, 2));
        }
    }

    [Fact]
    public void The_tracked_form_runs_only_while_somebody_needs_it()
    {
        BpfMap map = Make(BpfMapType.Array, 8, 4);
        using var program = new CompiledProgram(Increment(map), Isolation.Masked);
        Assert.False(program.IsTracked);
        map.HoldDurable();
        Assert.True(program.IsTracked);
        Assert.Equal(0UL, Run(program, 1));
        DirtyElement dirty = Assert.Single(map.Tracking!.TakeDirty());
        Assert.Equal(1, BitConverter.ToInt32(dirty.Key));
        map.ReleaseDurable();
        Assert.False(program.IsTracked);
    }

    [Fact]
    public void A_run_allocates_nothing()
    {
        BpfMap map = Make(BpfMapType.Hash, 8, 4);
        BitConverter.TryWriteBytes(_harness.ContextData, 1);
        map.Update(_harness.Context, _harness.Context, 0, 0);
        foreach (IExecutable engine in ExecutionHarness.Engines(Increment(map)))
        {
            Run(engine, 1);
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 100; i++)
                Run(engine, 1);
            Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        }
    }

    private ulong Run(IExecutable program, uint key)
    {
        BitConverter.TryWriteBytes(_harness.ContextData, key);
        return program.Run(_harness.Run, _harness.Context);
    }

    // r0 = address of the value whose key the context begins with.
    private static VerifiedProgram Lookup(BpfMap map, bool known)
    {
        VerifiedProgram program = Using(map, [Mov(2, 1), .. Imm64(1, map.Address), Helper((int)BpfFuncId.MapLookupElem), Exit]);
        program.Facts[3].MapIndex = (short)(known ? 0 : -1);
        return program;
    }

    // value += 1 through the pointer; returns 0, or 1 where the key is missing.
    private static VerifiedProgram Increment(BpfMap map)
    {
        VerifiedProgram program = Using(
            map,
            [
                Mov(2, 1), .. Imm64(1, map.Address), Helper((int)BpfFuncId.MapLookupElem), JmpI(Op.Jne, 0, 0, 2), MovI(0, 1), Exit,
                MovI(1, 1), Atomic(Op.DW, Op.Add, 0, 1, 0), MovI(0, 0), Exit,
            ]);
        program.Facts[3].MapIndex = 0;
        program.Facts[8].Flags = InsnFlags.MapValueStore;
        return program;
    }

    private static VerifiedProgram Using(BpfMap map, Insn[] insns) => new()
    {
        Insns = insns,
        Facts = [.. insns.Select((_, i) => new InsnFacts { MapIndex = -1, Original = i })],
        Subprogs = [new Subprog(0, insns.Length, 8)],
        UsedMaps = [map],
        WritesMapValues = true,
    };

    private BpfMap Make(BpfMapType type, uint valueSize, uint entries)
    {
        var task = new BpfTask { Pid = 1 };
        var definition = new MapDefinition(type, 4, valueSize, entries);
        MapFamily family = MapRegistry.Find(type)!;
        Assert.Equal(0, family.CheckCreate(definition, task));
        Assert.Equal(0, family.Create(definition, _harness.Maps, out BpfMap? map));
        return map!;
    }

    private static void Put(BpfMap map, int key, ulong value) =>
        Assert.Equal(0, map.UpdateElem(BitConverter.GetBytes(key), BitConverter.GetBytes(value), 0));

    private static ulong Get(BpfMap map, int key)
    {
        byte[] value = new byte[8];
        Assert.Equal(0, map.LookupElem(BitConverter.GetBytes(key), value, 0));
        return BitConverter.ToUInt64(value);
    }
}
