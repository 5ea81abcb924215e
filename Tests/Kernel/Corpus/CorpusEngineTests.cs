using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Isa.Assembly;
using WebBpf.Tests.Common.Execution;
using WebBpf.Tests.Corpus;
using Xunit;

namespace WebBpf.Tests.Kernel.Corpus;

/// <summary>
/// Arithmetic, jumps and atomics of the corpus on every engine, without a verifier between: what the machine's kernel computed must
/// come out. Only cases that touch nothing but registers and map values by direct address.
/// </summary>
public sealed unsafe class CorpusEngineTests(ExecutionHarness harness) : IClassFixture<ExecutionHarness>
{
    private static readonly string[] Files = ["alu/alu64.bpf", "alu/alu32.bpf", "alu/byte_order.bpf", "jumps/jmp64.bpf", "jumps/jmp32.bpf", "memory/atomics.bpf"];

    [Fact]
    public void All_engines_compute_what_the_kernel_computed()
    {
        int runs = 0;
        foreach (CorpusCase one in CorpusFile.All().SelectMany(f => f.Cases).Where(c => Files.Contains(c.File)))
        {
            Dictionary<string, (ulong Address, uint Size)> values = one.Maps.ToDictionary(m => m.Name, m => (harness.Memory.Allocate(m.ValueSize, 8), m.ValueSize));
            Insn[] insns = Resolve(one, values);
            foreach (IExecutable engine in ExecutionHarness.Engines(ExecutionHarness.Program(insns)))
            {
                foreach ((ulong address, uint size) in values.Values)
                    Value(address, size).Clear();
                foreach (string[] init in one.Entries.Where(e => e.Key == "init").Select(e => e.Text.Split(' ', '=')))
                    one.ParseBytes(init[2]).CopyTo(Value(values[init[0]].Address, values[init[0]].Size));
                uint retval = (uint)engine.Run(harness.Run, harness.Context);
                Assert.True(one.Text("retval") == $"{retval}", $"{one.Id} on {engine.GetType().Name}: retval {retval}");
                foreach (string[] after in one.Entries.Where(e => e.Key == "after").Select(e => e.Text.Split(' ', '=')))
                {
                    string got = Convert.ToHexStringLower(Value(values[after[0]].Address, values[after[0]].Size));
                    Assert.True(after[2] == got, $"{one.Id} on {engine.GetType().Name}:\n  expected {after[2]}\n  got      {got}");
                }

                runs++;
            }
        }

        Assert.True(runs > 400, $"{runs} runs");
    }

    private Span<byte> Value(ulong address, uint size) => new(harness.Memory.Resolve(address), (int)size);

    private static Insn[] Resolve(CorpusCase one, Dictionary<string, (ulong Address, uint Size)> values)
    {
        AssembledProgram program = Assembler.Assemble(one.Asm);
        Insn[] insns = program.Insns;
        foreach (AsmReference reference in program.References)
        {
            ulong address = values[reference.Name].Address + (uint)insns[reference.Index + 1].Imm;
            insns[reference.Index] = new Insn(insns[reference.Index].Code, insns[reference.Index].Dst, 0, 0, (int)address);
            insns[reference.Index + 1] = new Insn(0, 0, 0, 0, (int)(address >> 32));
        }

        return insns;
    }
}
