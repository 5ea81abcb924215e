using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Uapi;
using WebBpf.Loader;
using WebBpf.Loader.Objects;
using Xunit;

namespace WebBpf.Tests.Loader;

public sealed class ObjectReaderTests
{
    public static TheoryData<string> Objects => [.. Samples.ObjectNames];

    [Theory]
    [MemberData(nameof(Objects))]
    public void Every_sample_is_understood(string name)
    {
        BpfObject read = ObjectReader.Read(Samples.Object(name), name);
        Assert.Equal("GPL", read.License);
        Assert.NotNull(read.Btf);
        Assert.NotEmpty(read.Maps);
        Assert.All(read.Programs, p =>
        {
            Assert.NotEmpty(p.Insns);
            Assert.Equal(0u, p.FuncInfos[0].InsnOff);
            Assert.NotEmpty(p.LineInfos);
            Assert.All(p.MapReferences, r => Assert.True(p.Insns[r.Insn].IsLdImm64));
            Assert.Equal(0, p.CoreRelocations);
        });
    }

    [Fact]
    public void Maps_have_the_sizes_and_types_of_their_definition()
    {
        BpfObject read = Read("firewall.bpf.o");
        MapSpec senders = read.Maps.Single(m => m.Name == "senders");
        Assert.Equal((BpfMapType.LruHash, 4u, 16u, 1024u), (senders.Type, senders.KeySize, senders.ValueSize, senders.MaxEntries));
        Assert.NotEqual(0u, senders.BtfKeyTypeId);
        Assert.NotEqual(0u, senders.BtfValueTypeId);
        MapSpec events = read.Maps.Single(m => m.Name == "events");
        Assert.Equal((BpfMapType.Ringbuf, 0u, 0u, 65536u), (events.Type, events.KeySize, events.ValueSize, events.MaxEntries));
    }

    [Fact]
    public void Data_sections_become_maps_and_their_variables_are_found()
    {
        BpfObject read = Read("firewall.bpf.o");
        MapSpec rodata = read.Maps.Single(m => m.Name == "firewall.rodata");
        Assert.True(rodata.ReadOnly);
        Assert.Equal(1000UL, BitConverter.ToUInt64(rodata.Data!, (int)read.Globals["burst"].Offset));
        MapSpec bss = read.Maps.Single(m => m.Name == "firewall.bss");
        Assert.Equal(16u, bss.ValueSize);
        Assert.NotEqual(read.Globals["dropped_total"].Offset, read.Globals["passed_total"].Offset);
        Assert.Contains(read.Programs.Single().MapReferences, r => read.Maps[r.Map] == bss && r.ValueOffset is not null);
    }

    [Fact]
    public void Static_elements_of_a_program_array_name_their_programs()
    {
        MapSpec handlers = Read("dispatch.bpf.o").Maps.Single(m => m.Name == "handlers");
        Assert.Equal(
            [new MapSlot(0, "handle_tcp"), new MapSlot(1, "handle_udp"), new MapSlot(2, "handle_icmp"), new MapSlot(3, "handle_vlan")],
            handlers.Slots.OrderBy(s => s.Index));
    }

    [Fact]
    public void Called_functions_are_linked_behind_their_caller()
    {
        ProgramSpec parse = Read("parser.bpf.o").Programs.Single();
        // parse, size_class, remember, hash_bytes
        Assert.Equal(4, parse.FuncInfos.Count);
        var starts = parse.FuncInfos.Select(f => (int)f.InsnOff).ToHashSet();
        for (int i = 0; i < parse.Insns.Length; i++)
        {
            Insn insn = parse.Insns[i];
            if (insn.Code == (Op.Jmp | Op.Call) && insn.Src == Op.PseudoCall)
                Assert.Contains(i + insn.Imm + 1, starts);
        }

        Assert.Equal(parse.LineInfos.Select(l => l.InsnOff).Order(), parse.LineInfos.Select(l => l.InsnOff));
    }

    [Fact]
    public void Sections_give_program_types_and_attach_types()
    {
        BpfObject account = Read("account.bpf.o");
        Assert.Equal(
            [("account_egress", BpfAttachType.CgroupInetEgress), ("account_ingress", BpfAttachType.CgroupInetIngress)],
            account.Programs.Select(p => (p.Name, p.Match.Rule.AttachType)));
        ProgramSpec openat = Read("trace.bpf.o").Programs.Single(p => p.Name == "on_openat");
        Assert.Equal((BpfProgType.Tracepoint, "syscalls/sys_enter_openat"), (openat.Match.Rule.Type, openat.Match.Target!));
    }

    [Theory]
    [InlineData(0, "this is no ELF file")]
    [InlineData(4, "not a 64-bit file")]
    [InlineData(5, "not little-endian")]
    [InlineData(18, "is not BPF")]
    public void A_wrong_header_is_named(int offset, string message)
    {
        byte[] file = Samples.Object("counter.bpf.o");
        file[offset] ^= 0x3f;
        ObjectFormatException error = Assert.Throws<ObjectFormatException>(() => ObjectReader.Read(file, "x.o"));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Objects))]
    public void Damaged_objects_are_refused_or_read_but_nothing_else_happens(string name)
    {
        byte[] original = Samples.Object(name);
        var mutator = new Mutator(name.Length);
        int refused = 0;
        for (int i = 0; i < 1500; i++)
        {
            try
            {
                ObjectReader.Read(mutator.Mutate(original), name);
            }
            catch (ObjectFormatException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 100, 1500);
    }

    private static BpfObject Read(string name) => ObjectReader.Read(Samples.Object(name), name);
}
