using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Isa.Assembly;
using Xunit;

namespace WebBpf.Tests.Kernel.Isa;

/// <summary>The assembler on its own: syntax, labels, errors, and the way back from the disassembler.</summary>
public sealed class AssemblerTests
{
    [Theory]
    [InlineData("r0 = 7", "b700000007000000")]
    [InlineData("if r1 s> 5 goto +2", "6501020005000000")]
    [InlineData("exit", "9500000000000000")]
    [InlineData("0: (b7) r0 = 7 ; R0_w=7", "b700000007000000")]
    [InlineData("(07) r2 += -8 // stack", "07020000f8ffffff")]
    [InlineData("w3 s%= w4", "9c43010000000000")]
    [InlineData("r3 s/= 2", "3703010002000000")]
    [InlineData("r1 = (s32)r2", "bf21200000000000")]
    [InlineData("w1 = (s8) w2", "bc21080000000000")]
    [InlineData("r1 = -r1", "8701000000000000")]
    [InlineData("r1 = -1", "b7010000ffffffff")]
    [InlineData("r1 = be16 r1", "dc01000010000000")]
    [InlineData("r1 = bswap64 r1", "d701000040000000")]
    [InlineData("r1 = *(s16 *)(r2 -4)", "8921fcff00000000")]
    [InlineData("r1 = *(u64 *)(r10 - 8)", "79a1f8ff00000000")]
    [InlineData("*(u32 *)(r10 -4) = 0xffffffff", "620afcffffffffff")]
    [InlineData("lock *(u64 *)(r1 +0) += r2", "db21000000000000")]
    [InlineData("r2 = atomic_xchg((u32 *)(r1 +4), r2)", "c3210400e1000000")]
    [InlineData("r0 = atomic64_cmpxchg((u64 *)(r1 +0), r0, r2)", "db210000f1000000")]
    [InlineData("r3 = load_acquire((u8 *)(r1 +1))", "d313010000010000")]
    [InlineData("store_release((u16 *)(r1 +2), r3)", "cb31020010010000")]
    [InlineData("may_goto pc+3", "e500030000000000")]
    [InlineData("gotol -2", "06000000feffffff")]
    [InlineData("r1 = addr_space_cast(r2, 0, 1)", "bf21010001000000")]
    [InlineData("call bpf_map_lookup_elem", "8500000001000000")]
    [InlineData("call map_lookup_elem#1", "8500000001000000")]
    [InlineData("call #1", "8500000001000000")]
    [InlineData("call 1", "8500000001000000")]
    [InlineData("call pc+3", "8510000003000000")]
    [InlineData("call kfunc[1234]", "85200000d2040000")]
    [InlineData("call bpf_rcu_read_lock#99", "8520000063000000")]
    [InlineData("r1 = 0x1122334455667788 ll", "18010000887766550000000044332211")]
    [InlineData("(18) r1 = 0x5", "18010000050000000000000000000000")]
    [InlineData("r1 = map_fd[5] ll", "18110000050000000000000000000000")]
    [InlineData("r1 = map_fd_value[5]+8 ll", "18210000050000000000000008000000")]
    [InlineData("r2 = map_idx_value[1]+4", "18620000010000000000000004000000")]
    [InlineData("r0 = *(u16 *)skb[12]", "280000000c000000")]
    [InlineData("r0 = *(u8 *)skb[r6 + -1]", "50600000ffffffff")]
    [InlineData(".insn code=0x8d dst=1 src=2 off=-3 imm=4", "8d21fdff04000000")]
    public void A_line_becomes_its_bytes(string line, string hex)
    {
        Assert.Equal(hex, Convert.ToHexStringLower(Insn.ToBytes(Assembler.Assemble(line).Insns)));
    }

    [Fact]
    public void Labels_stand_for_distances_in_jumps_calls_and_callbacks()
    {
        AssembledProgram program = Assembler.Assemble("""
            start:
                if r1 == 0 goto done
                r2 = func[callee] ll
                call callee
            done: exit
            callee:
                may_goto out
                gotol start
            out:
                exit
            """);
        Assert.Equal(
            [
                "0: (15) if r1 == 0x0 goto pc+3", "1: (18) r2 = func[+3] ll", "3: (85) call pc+1", "4: (95) exit", "5: (e5) may_goto pc+1", "6: (06) gotol pc-7",
                "7: (95) exit",
            ],
            Disassembler.Lines(program.Insns, AsmSyntax.Instance));
        Assert.Equal(5, program.Labels["callee"]);
        Assert.Equal([2, 3, 3, 4, 5, 7, 8, 10], program.Lines);
    }

    [Fact]
    public void A_repetition_is_written_out()
    {
        AssembledProgram program = Assembler.Assemble(".rept 3\nr0 = 1\nr0 += 1\n.endr\nexit");
        Assert.Equal(7, program.Insns.Length);
        Assert.Equal("line 3, column 1: expected '.endr', found the end of the line", Fails(".rept 3\nr0 = 1\n"));
    }

    [Fact]
    public void Maps_are_named_and_resolved_by_who_knows_them()
    {
        AssembledProgram program = Assembler.Assemble("r1 = map[counts] ll\nr2 = map_value[other]+16 ll", new Maps());
        Assert.Equal(["0: (18) r1 = map_fd[9] ll", "2: (18) r2 = map_fd_value[0]+16 ll"], Disassembler.Lines(program.Insns, AsmSyntax.Instance));
        Assert.Equal(
            [new AsmReference(AsmReferenceKind.Map, "counts", 0, 1, true), new AsmReference(AsmReferenceKind.Map, "other", 2, 2, false)], program.References);
    }

    [Theory]
    [InlineData("r0 = 7 8", "line 1, column 8: expected the end of the line, found '8'")]
    [InlineData("r0 = w1", "line 1, column 8: expected a 64-bit register (r), found the end of the line")]
    [InlineData("\n  r16 = 1", "line 2, column 3: expected an instruction, found 'r16'")]
    [InlineData("r0 = 0xffffffff", "line 1, column 6: expected a signed number of 32 bits (a 64-bit load has 'll' behind it), found '0xffffffff'")]
    [InlineData("goto nowhere", "line 1, column 6: expected a label of this program, found 'nowhere'")]
    [InlineData("a:\na: exit", "line 2, column 1: expected a label that is not yet in use, found 'a:'")]
    [InlineData("r1 = be16 r2", "line 1, column 11: expected the same register, found 'r2'")]
    [InlineData("r1 = *(u32 *)(r2 + 40000)", "line 1, column 18: expected an offset of 16 bits with its sign, or ')', found '+'")]
    [InlineData("(b7) exit", "line 1, column 1: expected opcode (95) before this instruction, found '(b7)'")]
    [InlineData("if r1 = 2 goto +1", "line 1, column 7: expected a comparison (== != > >= < <= & s> s>= s< s<=), found '='")]
    [InlineData("call bpf_map_lookup_elem#2", "line 1, column 6: expected bpf_map_lookup_elem#1, found 'bpf_map_lookup_elem#2'")]
    [InlineData("r0 = 99999999999999999999", "line 1, column 6: expected a number of at most 64 bits, found '99999999999999999999'")]
    public void An_error_says_where_and_what_was_expected(string text, string message) => Assert.Equal(message, Fails(text));

    [Fact]
    public void What_the_disassembler_writes_assembles_to_the_same_instructions()
    {
        var random = new Random(20251122);
        byte[] codes = [.. Enumerable.Range(0, 256).Select(c => (byte)c).Where(OpcodeTable.IsKnown)];
        for (int round = 0; round < 500; round++)
        {
            Insn[] program = [.. Enumerable.Range(0, 100).SelectMany(_ => RandomInsn(random, codes))];
            string source = AsmSyntax.ToSource(program);
            Assert.Equal(program, Assembler.Assemble(source).Insns);
            Assert.DoesNotContain(".insn", source);
        }
    }

    [Fact]
    public void Any_eight_bytes_have_a_source()
    {
        var random = new Random(7);
        for (int round = 0; round < 200; round++)
        {
            byte[] bytes = new byte[800];
            random.NextBytes(bytes);
            Insn[] program = Insn.FromBytes(bytes);
            Assert.Equal(program, Assembler.Assemble(AsmSyntax.ToSource(program)).Insns);
        }
    }

    [Fact]
    public void The_kernels_own_lines_assemble_where_they_say_all()
    {
        var random = new Random(99);
        byte[] codes = [.. Enumerable.Range(0, 256).Select(c => (byte)c).Where(c => OpcodeTable.IsKnown(c) && OpcodeTable.Get(c).Form != InsnForm.LoadImm64)];
        for (int round = 0; round < 20000; round++)
        {
            Insn insn = RandomInsn(random, codes)[0];
            if (insn.IsKfuncCall())
                continue;
            string line = "17: " + Disassembler.Line([insn], 0) + "   ; R0=scalar()";
            Assert.Equal([insn], Assembler.Assemble(line).Insns);
        }
    }

    [Fact]
    public void Garbage_gives_an_error_and_nothing_else()
    {
        var random = new Random(4711);
        string[] parts =
        [
            "r0", "w1", "r10", "=", "+=", "s/=", "*(u32 *)", "(r1 +0)", "goto", "+2", "pc", "if", "==", "0x", "-", "99999999999", "call", "#", "map[", "]", "ll", "lock",
            "atomic64", "_fetch_add", "((u64 *)", ",", ".insn", "code=", ".rept 2", ".endr", "\n", ":", "(b7)", "\0", "é", "func[", "btf[1", "skb[", "exit", " ", ";", "//",
        ];
        for (int round = 0; round < 20000; round++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(1, 12)).Select(_ => parts[random.Next(parts.Length)] + (random.Next(3) == 0 ? "" : " ")));
            if (!Assembler.TryAssemble(text, null, out AssembledProgram? program, out AsmError? error))
                Assert.True(error!.Line >= 1 && error.Column >= 1 && error.Expected.Length > 0);
            else
                Assert.NotNull(program);
        }
    }

    private static string Fails(string text) => Assert.Throws<AsmException>(() => Assembler.Assemble(text)).Error.ToString();

    private static Insn[] RandomInsn(Random random, byte[] codes)
    {
        while (true)
        {
            byte code = codes[random.Next(codes.Length)];
            OpcodeInfo row = OpcodeTable.Get(code);
            int imm = (row.Fields & InsnFields.Imm) == 0 ? 0 : random.Next(4) == 0 ? random.Next(-2, 300) : random.Next(int.MinValue, int.MaxValue);
            if (row.Form is InsnForm.ByteOrder or InsnForm.ByteSwap)
                imm = 16 << random.Next(3);
            else if (row.Form == InsnForm.Atomic)
                imm = AtomicOperations.All[random.Next(AtomicOperations.All.Length)].Imm;
            int off = (row.Fields & InsnFields.Off) != 0 ? random.Next(-32768, 32768) : (int[])[0, 0, 1, 8, 16, 32] is var offs ? offs[random.Next(6)] : 0;
            var insn = new Insn(code, (row.Fields & InsnFields.Dst) == 0 ? 0 : random.Next(11), (row.Fields & InsnFields.Src) == 0 ? 0 : random.Next(11), off, imm);
            if (!OpcodeTable.IsWellFormed(insn))
                continue;
            if (!insn.IsLdImm64)
                return [insn];
            return [insn, new Insn(0, 0, 0, 0, insn.Src is Op.PseudoMapFd or Op.PseudoMapIdx or Op.PseudoFunc ? 0 : random.Next(int.MinValue, int.MaxValue))];
        }
    }

    private sealed class Maps : IAsmSymbols
    {
        public int? MapFd(string name) => name == "counts" ? 9 : null;

        public int? KfuncId(string name) => null;
    }
}
