using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;
using WebBpf.Tests.Corpus;
using WebBpf.Tests.Parity.Harness;
using Xunit;

namespace WebBpf.Tests.Parity.Syscall;

/// <summary>What is checked of any attr: its size, unknown commands, bytes behind a command's last field.</summary>
public sealed class AttrCheckTests(BackendPair kernels) : IClassFixture<BackendPair>
{
    public static TheoryData<BpfCommand> Commands => [.. AttrTable.Commands.Select(c => c.Command).Order()];

    // What the walks over ids find depends on what else is loaded on the machine.
    public static TheoryData<BpfCommand> Answered => [.. CommandRegistry.Commands.Where(c => !c.ToString().EndsWith("GetNextId", StringComparison.Ordinal)).Order()];

    [Theory]
    [MemberData(nameof(Commands))]
    public void Bytes_behind_the_last_field_must_be_zero(BpfCommand command)
    {
        int end = AttrTable.Find(command)!.UsedBytes;
        if (end == AttrTable.AttrSize)
            return;
        kernels.Same(side =>
        {
            var attr = new CallAttr(command);
            attr.Bytes[end] = 1;
            side.Call(attr);
            attr.Bytes[end] = 0;
            attr.Bytes[^1] = 0x80;
            side.Call(attr);
        });
    }

    [Theory]
    [MemberData(nameof(Answered))]
    public void An_attr_of_zeros_and_one_in_each_field_fail_alike(BpfCommand command) => kernels.Same(side =>
    {
        side.Call(new CallAttr(command));
        foreach (AttrField field in AttrTable.Find(command)!.Fields)
        {
            var attr = new CallAttr(command);
            attr.Bytes[field.Offset] = 0x40;
            side.Note(field.Name);

            // A stats descriptor or a count of ids depends on nothing else; the rest must fail the same way.
            long result = side.Call(attr);
            if (result >= 0)
                side.Task.Fds.Close((int)result);
        }
    });

    [Fact]
    public void Long_attrs_must_be_zero_beyond_what_is_known() => kernels.Same(side =>
    {
        foreach ((int size, int at) in new[] { (AttrTable.AttrSize + 8, -1), (AttrTable.AttrSize + 8, AttrTable.AttrSize), (4096, 4095), (4096, -1), (4097, -1), (8192, 8000) })
        {
            byte[] attr = new byte[size];
            attr[0] = 2;
            attr[4] = attr[8] = attr[12] = 4;
            if (at >= 0)
                attr[at] = 1;
            long result = side.Kernel.Bpf(BpfCommand.MapCreate, attr, side.Memory, new BpfCall(side.Task));
            side.Note($"{size} {at}: {result}");
        }
    });

    [Fact]
    public void Short_attrs_are_zero_extended() => kernels.Same(side =>
    {
        byte[] attr = new byte[AttrTable.AttrSize];
        attr[0] = 2;
        attr[4] = attr[8] = attr[12] = 4;
        for (int size = 0; size <= 20; size++)
            side.Note($"{size}: {side.Kernel.Bpf(BpfCommand.MapCreate, attr.AsSpan(0, size), side.Memory, new BpfCall(side.Task))}");
    });

    [Fact]
    public void Unknown_commands_are_invalid() => kernels.Same(side =>
    {
        foreach (uint command in new[] { 38u, 39u, 1000u, uint.MaxValue })
            side.Note($"{command}: {side.Kernel.Bpf((BpfCommand)command, new byte[16], side.Memory, new BpfCall(side.Task))}");
    });
}
