using System.Text;
using WebBpf.Kernel.Verifier.Report;
using WebBpf.Kernel.Verifier.State;
using Xunit;

namespace WebBpf.Tests.Kernel.Report;

/// <summary>States as Linux 6.18 wrote them into its log; each text was taken from the kernel.</summary>
public sealed class StateTextTests
{
    private readonly FuncState _frame = new();
    private readonly VerifierState _state = new();
    private readonly Scratch _scratch = new();

    public StateTextTests()
    {
        _frame.Init(-1, 0, 0);
        _state.Frames[0] = _frame;
    }

    [Fact]
    public void The_state_at_the_start_of_a_program()
    {
        _frame.Regs[1].Type = RegType.PtrToCtx;
        _frame.Regs[1].SetKnown(0);
        Assert.Equal(" R1=ctx() R10=fp0\n", Text(all: true));
    }

    [Fact]
    public void Equal_bounds_of_a_scalar_share_one_number()
    {
        ref RegState r0 = ref _frame.Regs[0];
        r0.SetUnknown();
        r0.Bounds.Tnum = new(0, 7);
        r0.Bounds.Sync();
        Assert.Equal(" R0=scalar(smin=smin32=0,smax=umax=smax32=umax32=7,var_off=(0x0; 0x7)) R10=fp0\n", Text(all: true));
    }

    [Fact]
    public void A_zero_extended_word_shows_its_64_bit_bounds_only()
    {
        ref RegState r2 = ref _frame.Regs[2];
        r2.SetUnknown();
        r2.Bounds.Tnum = new(0, uint.MaxValue);
        r2.Bounds.Sync();
        Assert.Equal("scalar(smin=0,smax=umax=0xffffffff,var_off=(0x0; 0xffffffff))", Reg(2));
    }

    [Fact]
    public void Numbers_beyond_16_bits_print_in_hex()
    {
        ref RegState r2 = ref _frame.Regs[2];
        r2.SetUnknown();
        r2.Bounds.SMin = int.MinValue;
        r2.Bounds.SMax = int.MaxValue;
        Assert.Equal("scalar(smin=0xffffffff80000000,smax=0x7fffffff)", Reg(2));
        r2.SetConst(unchecked((ulong)-32768));
        Assert.Equal("-32768", Reg(2));
        r2.SetConst(unchecked((ulong)-32769));
        Assert.Equal("0xffffffffffff7fff", Reg(2));
        r2.Precise = true;
        r2.SetConst(1);
        Assert.Equal("P1", Reg(2));
    }

    [Fact]
    public void A_linked_scalar_shows_its_distance()
    {
        ref RegState r2 = ref _frame.Regs[2];
        r2.SetUnknown();
        r2.Id = 3 | RegState.AddConst;
        r2.Off = 1;
        Assert.Equal("scalar(id=3+1)", Reg(2));
        r2.Off = -4;
        Assert.Equal("scalar(id=3-4)", Reg(2));
    }

    [Fact]
    public void A_ring_buffer_record_shows_its_reference_and_size()
    {
        ref RegState r0 = ref _frame.Regs[0];
        r0.SetKnown(0);
        r0.Type = RegType.PtrToMem | RegType.Ringbuf | RegType.MaybeNull;
        r0.Id = r0.RefObjId = 2;
        r0.Range = 8;
        _state.References.Add(new Reference(2, 4));
        _scratch.MarkReg(0);
        Assert.Equal(" R0=ringbuf_mem_or_null(id=2,ref_obj_id=2,sz=8) refs=2\n", Text(all: false));
    }

    [Fact]
    public void Only_what_changed_is_shown_and_only_once()
    {
        _frame.GrowStack(8);
        for (int i = 0; i < 4; i++)
            _frame.Stack[0].Set(i, SlotType.Misc);
        _scratch.MarkReg(10);
        _scratch.MarkSlot(0);
        Assert.Equal(" R10=fp0 fp-8=mmmm????\n", Text(all: false));
        Assert.False(_scratch.Any);
        Assert.Equal("\n", Text(all: false));
    }

    [Fact]
    public void A_spill_of_a_part_shows_the_bytes_beside_it()
    {
        _frame.GrowStack(8);
        _frame.Stack[0].Spilled.SetConst(5);
        for (int i = 4; i < 8; i++)
            _frame.Stack[0].Set(i, SlotType.Spill);
        Assert.EndsWith(" fp-8=????5\n", Text(all: true));
        _frame.Stack[0].SetAll(SlotType.Spill);
        Assert.EndsWith(" fp-8=5\n", Text(all: true));
    }

    [Fact]
    public void Callbacks_and_inner_frames_say_so()
    {
        _frame.Init(0, 1, 1);
        _frame.InCallback = true;
        _frame.Regs[2].SetKnown(0);
        _frame.Regs[2].Type = RegType.PtrToStack;
        _frame.Regs[2].Off = -8;
        Assert.Equal(" frame1: R2=fp[0]-8 R10=fp0 cb\n", Text(all: true));
    }

    private string Text(bool all)
    {
        var text = new StringBuilder();
        StateText.Append(text, _frame, _state, all, _scratch);
        return text.ToString();
    }

    private string Reg(int regno)
    {
        var text = new StringBuilder();
        StateText.AppendReg(text, _frame, _frame.Regs[regno]);
        return text.ToString();
    }
}
