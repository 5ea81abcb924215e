using WebBpf.Kernel.Btf;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Uapi;
using WebBpf.Tests.Parity.Harness;
using Xunit;

namespace WebBpf.Tests.Parity.Syscall;

/// <summary>The table of fields against what the machine's kernel says of union bpf_attr and the info structs in its own BTF.</summary>
public sealed class AttrTableTests
{
    [Fact]
    public void Every_field_of_every_command_lies_where_the_kernel_has_it()
    {
        BtfTypes types = Vmlinux();
        BtfType attr = types[types.Find("bpf_attr", BtfKind.Union)];
        Assert.Equal((uint)AttrTable.AttrSize, attr.Size);
        var wrong = new List<string>();
        foreach (AttrCommand command in AttrTable.Commands)
        {
            HashSet<(string, uint, uint)> known = Members(types, attr, command.Member);
            wrong.AddRange(command.Fields.Where(f => !known.Contains((f.Name, (uint)f.Offset, (uint)f.Size))).Select(f => $"{command.Command}.{f.Name} at {f.Offset}, {f.Size} bytes"));
        }

        Assert.Empty(wrong);
    }

    [Theory]
    [InlineData("bpf_prog_info", ObjectKind.Prog)]
    [InlineData("bpf_map_info", ObjectKind.Map)]
    [InlineData("bpf_btf_info", ObjectKind.Btf)]
    [InlineData("bpf_link_info", ObjectKind.Link)]
    public void Every_field_of_an_info_lies_where_the_kernel_has_it(string name, ObjectKind kind)
    {
        BtfTypes types = Vmlinux();
        BtfType info = types[types.Find(name, BtfKind.Struct)];
        (IReadOnlyList<AttrField> fields, int size) = InfoTable.Of(kind);
        Assert.Equal((uint)size, info.Size);
        HashSet<(string, uint, uint)> known = Members(types, info, null);
        Assert.Empty(fields.Where(f => !known.Contains((f.Name, (uint)f.Offset, (uint)f.Size))).Select(f => $"{f.Name} at {f.Offset}, {f.Size} bytes"));
        if (kind != ObjectKind.Link)
            Assert.Empty(known.Where(k => k.Item1.Length > 0).Select(k => k.Item1).Except(fields.Select(f => f.Name)));
    }

    private static BtfTypes Vmlinux()
    {
        if (BackendPair.ReadVmlinux() is not { } raw)
        {
            Assert.Skip("/sys/kernel/btf/vmlinux is not there.");
            return null!;
        }

        Assert.Equal(0, BtfObject.TryOpenKernel(raw, "vmlinux", out BtfObject? btf));
        return btf!.Types;
    }

    // Names with dots for members of named members, flat for those of anonymous ones; the members of the named part of the union come flat, too.
    private static HashSet<(string, uint, uint)> Members(BtfTypes types, BtfType top, string? part)
    {
        var found = new HashSet<(string, uint, uint)>();
        var open = new Stack<(BtfType Type, string Prefix, uint Offset)>();
        open.Push((top, "", 0));
        while (open.TryPop(out (BtfType Type, string Prefix, uint Offset) at))
        {
            for (int i = 0; i < at.Type.Vlen; i++)
            {
                BtfMember member = at.Type.Member(i);
                string name = types.String(member.NameOff);
                uint offset = at.Offset + member.BitOffset / 8;
                BtfType type = types.SkipModifiers(member.Type);
                bool nested = type.Kind is BtfKind.Struct or BtfKind.Union;
                bool transparent = name.Length == 0 || (at.Prefix.Length == 0 && at.Offset == 0 && name == part && nested);
                if (nested && (transparent || part is null || at.Prefix.Length > 0 || at.Type.Id != top.Id))
                    open.Push((type, transparent ? at.Prefix : $"{at.Prefix}{name}.", offset));
                if (!nested)
                    found.Add(($"{at.Prefix}{name}", offset, member.BitfieldSize > 0 ? 4 : types.SizeOf(member.Type) ?? 0));
            }
        }

        return found;
    }
}
