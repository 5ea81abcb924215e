using WebBpf.Kernel.Isa;
using WebBpf.Tests.Kernel.House;
using Xunit;

namespace WebBpf.Tests.Kernel.Isa;

/// <summary>The opcode table and what is made from it.</summary>
public sealed class OpcodeTableTests
{
    [Fact]
    public void The_page_on_instructions_is_what_the_table_says()
    {
        string path = Path.Combine(Repository.Root, "docs", "instructions.md");
        string expected = InstructionDocs.Write();
        if (Environment.GetEnvironmentVariable("WEBBPF_DOCS_WRITE") == "1")
            File.WriteAllText(path, expected);
        Assert.Equal(expected, File.ReadAllText(path));
    }

    [Fact]
    public void Rows_stand_at_their_own_byte_and_forms_agree_with_classes()
    {
        for (int code = 0; code < 256; code++)
        {
            OpcodeInfo row = OpcodeTable.Get((byte)code);
            Assert.Equal(code, row.Code);
            if (!row.IsKnown)
                continue;
            int kind = code & 7;
            Assert.Equal(kind is Op.Alu or Op.Alu64, row.Form is InsnForm.AluImm or InsnForm.AluReg or InsnForm.Neg or InsnForm.ByteOrder or InsnForm.ByteSwap);
            Assert.Equal(kind is Op.Jmp or Op.Jmp32, row.Form is >= InsnForm.Goto);
            Assert.Equal(kind is Op.Ld or Op.Ldx or Op.St or Op.Stx, row.Form is >= InsnForm.LoadImm64 and < InsnForm.Goto);
        }
    }

    [Theory]
    [InlineData(0x05, 0, 3, 0, 8)]
    [InlineData(0x06, 0, 0, -3, 2)]
    [InlineData(0x15, 0, -1, 9, 4)]
    [InlineData(0xe5, 0, 2, 0, 7)]
    public void Jump_targets_count_from_the_following_slot(int code, int regs, int off, int imm, long target)
    {
        var insn = new Insn((byte)code, (byte)regs, (short)off, imm);
        Assert.True(insn.HasJumpTarget());
        Assert.Equal(target, insn.JumpTarget(4));
    }

    [Fact]
    public void The_farthest_jump_does_not_overflow()
    {
        Assert.Equal(1L + int.MaxValue + int.MaxValue, new Insn(0x06, 0, 0, 0, int.MaxValue).JumpTarget(int.MaxValue));
    }

    [Theory]
    [InlineData("0500000001000000", false)]
    [InlineData("b701000005000000", true)]
    [InlineData("b711000005000000", false)]
    [InlineData("b70b000005000000", false)]
    [InlineData("bf21090000000000", false)]
    [InlineData("bc21200000000000", false)]
    [InlineData("bf21200000000000", true)]
    [InlineData("3f21010000000000", true)]
    [InlineData("0f21010000000000", false)]
    [InlineData("dc01000018000000", false)]
    [InlineData("db21000000000000", true)]
    [InlineData("cb21000000000000", false)]
    [InlineData("cb21000000010000", true)]
    [InlineData("db21000020000000", false)]
    [InlineData("8530000001000000", false)]
    [InlineData("8d01000000000000", false)]
    public void Reserved_fields_make_an_instruction_malformed(string hex, bool wellFormed) =>
        Assert.Equal(wellFormed, OpcodeTable.IsWellFormed(Insn.FromBytes(Convert.FromHexString(hex))[0]));

    [Fact]
    public void Helpers_are_found_by_name_and_number()
    {
        Assert.Equal("bpf_map_lookup_elem", HelperNames.Of(1));
        Assert.Equal("bpf_cgrp_storage_delete", HelperNames.Of(211));
        Assert.Equal("unknown", HelperNames.OfOrUnknown(212));
        Assert.True(HelperNames.TryParse("ktime_get_ns", out int id));
        Assert.Equal(5, id);
    }
}
