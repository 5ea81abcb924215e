using System.Text;
using System.Text.RegularExpressions;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;
using WebBpf.Linux;
using WebBpf.Tests.Corpus;
using Xunit;

namespace WebBpf.Tests.Parity.Isa;

/// <summary>The opcode table and the disassembler against the machine's kernel: it lists every instruction of a program before it walks it.</summary>
public sealed partial class DisassemblerParityTests
{
    private const int LogSize = 1 << 22;

    [Fact]
    public void Exactly_the_bytes_of_the_table_are_opcodes()
    {
        string known = "";
        string expected = "";
        for (int code = 0; code < 256; code++)
        {
            // The mode of a load is judged before its opcode.
            if ((code & 7) == Op.Ldx && (code & 0xe0) is not (Op.Mem or Op.MemSx))
                continue;
            Insn[] program = [new(Op.Alu64 | Op.Mov, 0, 0, 0, 0), new(code, 0, 0, 0, 0), default, new(Op.Jmp | Op.Exit, 0, 0, 0, 0)];
            if (code != (Op.Ld | Op.Imm | Op.DW))
                program[2] = new Insn(Op.Alu64 | Op.Mov, 0, 0, 0, 0);
            string log = Log(program);
            known += log.Contains("unknown opcode", StringComparison.Ordinal) ? "" : $"{code:x2} ";
            expected += OpcodeTable.IsKnown((byte)code) ? $"{code:x2} " : "";
        }

        Assert.Equal(known, expected);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Every_form_of_instruction_is_written_as_the_kernel_writes_it(int seed)
    {
        Insn[] program = RandomProgram(new Random(seed), 40);
        string log = Log(program);
        Dictionary<int, string> lines = [];
        foreach (Match line in ListingLine().Matches(log))
            lines[int.Parse(line.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture)] = line.Groups[2].Value;
        Assert.True(lines.Count > 3000, log[..Math.Min(log.Length, 500)]);
        HashSet<byte> seen = [];
        for (int i = 0; i < program.Length; i += program[i].Slots())
        {
            seen.Add(program[i].Code);
            Assert.Equal(lines[i], Disassembler.Line(program, i));
        }

        Assert.Equal(OpcodeTable.All.ToArray().Count(r => r.IsKnown), seen.Count);
    }

    [GeneratedRegex(@"^ *(?:\d+ +)?(\d+): [.0-9]{10} (\(.*)$", RegexOptions.Multiline)]
    private static partial Regex ListingLine();

    // Each opcode several times; jumps go to instructions that exist, so that the kernel's checks of control flow pass.
    private static Insn[] RandomProgram(Random random, int rounds)
    {
        List<Insn> insns = [];
        List<int> starts = [];
        for (int round = 0; round < rounds; round++)
        {
            foreach (OpcodeInfo row in OpcodeTable.All)
            {
                if (!row.IsKnown || row.Form is InsnForm.Exit)
                    continue;
                starts.Add(insns.Count);
                insns.Add(RandomInsn(random, row));
                if (row.Form == InsnForm.LoadImm64)
                    insns.Add(new Insn(0, 0, 0, 0, random.Next(2) == 0 ? 0 : random.Next(int.MinValue, int.MaxValue)));
            }
        }

        insns.Add(new Insn(Op.Alu64 | Op.Mov, 0, 0, 0, 0));
        insns.Add(new Insn(Op.Jmp | Op.Exit, 0, 0, 0, 0));
        for (int i = 0; i < insns.Count; i++)
        {
            if (insns[i].IsConditionalJump() || insns[i].IsMayGoto())
                insns[i] = insns[i] with { Off = (short)(starts[random.Next(starts.Count)] - i - 1) };
            i += insns[i].Slots() - 1;
        }

        return [.. insns];
    }

    private static Insn RandomInsn(Random random, OpcodeInfo row)
    {
        while (true)
        {
            int imm = (row.Fields & InsnFields.Imm) == 0 ? 0 : random.Next(3) == 0 ? random.Next(-3, 220) : random.Next(int.MinValue, int.MaxValue);
            imm = row.Form switch
            {
                InsnForm.ByteOrder or InsnForm.ByteSwap => 16 << random.Next(3),
                InsnForm.Atomic => AtomicOperations.All[random.Next(AtomicOperations.All.Length)].Imm,
                InsnForm.GotoLong => 0,
                _ => imm,
            };
            int[] variants = [0, 0, 0, 1, 8, 16, 32];
            int off = row.Form is InsnForm.Goto ? 0 : (row.Fields & InsnFields.Off) != 0 ? random.Next(-32768, 32768) : variants[random.Next(variants.Length)];
            int src = row.Form is InsnForm.LoadImm64 or InsnForm.Call || (row.Fields & InsnFields.Src) == 0 ? 0 : random.Next(10);
            var insn = new Insn(row.Code, (row.Fields & InsnFields.Dst) == 0 ? 0 : random.Next(10), src, off, imm);
            if (insn.IsAddressSpaceCast())
                insn = insn with { Imm = random.Next(2) == 0 ? 1 : 1 << 16 };
            if (OpcodeTable.IsWellFormed(insn))
                return insn;
        }
    }

    private static string Log(Insn[] program)
    {
        if (LinuxKernel.Probe() is { } reason)
            Assert.Skip(reason);
        var memory = new UserMemoryArena();
        UserBuffer log = memory.Allocate(LogSize);
        var attr = new CallAttr(BpfCommand.ProgLoad)
        {
            ["prog_type"] = (uint)BpfProgType.SocketFilter,
            ["insns"] = memory.Copy(Insn.ToBytes(program)),
            ["insn_cnt"] = (uint)program.Length,
            ["license"] = memory.Copy("GPL"),

            // The start of the log is what counts: 8 keeps it.
            ["log_level"] = 2 | 8,
            ["log_size"] = LogSize,
            ["log_buf"] = log.Address,
        };
        var task = new BpfTask { Pid = 1 };
        new LinuxKernel().Bpf(BpfCommand.ProgLoad, attr.Bytes, memory, new BpfCall(task));
        task.Fds.CloseAll();
        int end = log.Span.IndexOf((byte)0);
        return Encoding.UTF8.GetString(log.Span[..Math.Max(end, 0)]);
    }
}
