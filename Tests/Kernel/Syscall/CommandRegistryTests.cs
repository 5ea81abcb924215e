using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;
using Xunit;

namespace WebBpf.Tests.Kernel.Syscall;

/// <summary>Every command of 6.18 is answered, or stands in the list of gaps with its reason.</summary>
public sealed class CommandRegistryTests
{
    [Fact]
    public void Each_of_the_38_commands_is_answered_or_a_gap_and_never_both()
    {
        BpfCommand[] all = Enum.GetValues<BpfCommand>();
        Assert.Equal(38, all.Length);
        Assert.Empty(CommandRegistry.Commands.Intersect(CommandRegistry.Gaps.Keys));
        Assert.Equal(all.Order(), CommandRegistry.Commands.Concat(CommandRegistry.Gaps.Keys).Order());
        Assert.All(CommandRegistry.Gaps.Values, reason => Assert.NotEmpty(reason));
    }

    [Fact]
    public void Each_command_has_a_table_of_fields()
    {
        Assert.Equal(Enum.GetValues<BpfCommand>().Order(), AttrTable.Commands.Select(c => c.Command).Order());
        Assert.All(AttrTable.Commands, c => Assert.InRange(c.UsedBytes, 1, AttrTable.AttrSize));
    }

    [Fact]
    public void Counts_and_record_sizes_name_fields_of_the_same_command()
    {
        foreach (AttrCommand command in AttrTable.Commands)
        {
            Assert.All(command.Fields.Where(f => f.Count is not null), f => Assert.NotNull(command.Find(f.Count!)));
            Assert.All(command.Fields.Where(f => f.RecordSize is not null), f => Assert.NotNull(command.Find(f.RecordSize!)));
            Assert.All(command.Fields, f => Assert.Equal(f.IsPointer, f.Extent != AttrExtent.None));
        }
    }
}
