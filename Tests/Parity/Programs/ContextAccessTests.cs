using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Programs;
using WebBpf.Kernel.Verifier;
using Xunit;
using static WebBpf.Tests.Common.Execution.Asm;

namespace WebBpf.Tests.Parity.Programs;

/// <summary>Every access to every context: each offset, each width, read, read with sign extension and written, judged as the machine's kernel judges it.</summary>
public sealed class ContextAccessTests
{
    private const int LargestContext = 232;

    [Fact]
    public void Each_context_may_be_accessed_where_the_kernel_allows_it()
    {
        using var probe = new TypeProbe();
        var differences = new List<string>();
        foreach (ProgramFacts program in TypeProbe.Programs())
        {
            for (int off = 0; off < LargestContext; off++)
            {
                foreach (int width in new[] { Op.B, Op.H, Op.W, Op.DW })
                {
                    int size = Op.SizeBytes(width);
                    // Misaligned accesses are refused by every type before anything else; a few show it.
                    if (off % size != 0 && off > 16)
                        continue;
                    foreach (string kind in new[] { "read", "read signed", "write" })
                    {
                        if (kind == "read signed" && width == Op.DW)
                            continue;
                        if (Compare(probe, program, off, width, kind) is { } difference)
                            differences.Add(difference);
                    }
                }
            }
        }

        Assert.True(differences.Count == 0, $"{differences.Count} accesses differ:\n{string.Join('\n', differences.Take(200))}");
    }

    [Fact]
    public void Accesses_far_outside_are_judged_alike()
    {
        using var probe = new TypeProbe();
        var differences = new List<string?>();
        foreach (ProgramFacts program in TypeProbe.Programs())
        {
            foreach (int off in new[] { -8, -4, -1, 8184, 8192, 32760 })
                differences.Add(Compare(probe, program, off, off % 8 == 0 ? Op.DW : off % 4 == 0 ? Op.W : Op.B, "read"));
        }

        differences.RemoveAll(d => d is null);
        Assert.True(differences.Count == 0, string.Join('\n', differences));
    }

    private static string? Compare(TypeProbe probe, ProgramFacts program, int off, int width, string kind)
    {
        Insn access = kind switch
        {
            "read" => Ldx(width, 2, 1, off),
            "read signed" => new Insn(Op.Ldx | Op.MemSx | width, 2, 1, off, 0),
            _ => new Insn(Op.St | Op.Mem | width, 1, 0, off, 0),
        };
        bool accepted = probe.Load(program, [access, MovI(0, 1), Exit], out string log);
        bool theirs = accepted || !log.Contains("invalid bpf_context access", StringComparison.Ordinal);
        if (!accepted && theirs && !log.Contains("R0 ", StringComparison.Ordinal))
            return $"{Text()}: not understood: {log}";

        var facts = new CtxAccess { IsLdsx = kind == "read signed" };
        bool ours = program.Type.IsValidAccess(off, Op.SizeBytes(width), kind == "write", program, ref facts);
        return ours == theirs ? null : $"{Text()}: the kernel says {(theirs ? "yes" : "no")}, we say {(ours ? "yes" : "no")}";

        string Text() => $"{program.Type.Type} ({program.ExpectedAttachType}) {kind} {Op.SizeBytes(width)} at {off}";
    }
}
