using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;
using WebBpf.Tests.Parity.Programs;
using Xunit;
using static WebBpf.Tests.Common.Execution.Asm;

namespace WebBpf.Tests.Parity.Helpers;

/// <summary>Which program type may call which helper: all helpers in all types, asked of the machine's kernel.</summary>
public sealed class HelperMatrixTests
{
    // Options of the machine's kernel that ours always has.
    private static readonly BpfFuncId[] Optional = [BpfFuncId.OverrideReturn, BpfFuncId.ProbeWriteUser];

    [Fact]
    public void Each_type_may_call_what_the_kernel_lets_it_call()
    {
        using var probe = new TypeProbe();
        var differences = new List<string>();
        foreach (ProgramFacts program in TypeProbe.Programs())
        {
            foreach (BpfFuncId id in Enum.GetValues<BpfFuncId>().Where(i => i != 0 && !Optional.Contains(i)))
            {
                bool accepted = probe.Load(program, [Helper((int)id), Exit], out string log);
                bool theirs = accepted || !(log.Contains("program of this type cannot use helper", StringComparison.Ordinal)
                    || log.Contains("unknown func", StringComparison.Ordinal) || log.Contains("invalid func", StringComparison.Ordinal));
                bool ours = program.Type.GetHelper(id, program) is not null;
                if (ours != theirs)
                    differences.Add($"{program.Type.Type} ({program.ExpectedAttachType}) {id}: the kernel says {(theirs ? "yes" : "no")}");
            }
        }

        Assert.True(differences.Count == 0, $"{differences.Count} cells differ:\n{string.Join('\n', differences.Take(60))}");
    }
}
