using System.Buffers.Binary;
using WebBpf.Kernel.Uapi;
using WebBpf.Loader.Elf;

namespace WebBpf.Loader.Objects;

/// <summary>Finds the maps of an object: those described by BTF in ".maps", and those of the older section "maps" (struct bpf_map_def).</summary>
internal sealed class MapReader(ElfFile elf, ObjectBtf? btf)
{
    private const int LegacySize = 20;
    private const uint PinByName = 1;

    public IEnumerable<MapSpec> Read()
    {
        if (elf.Find(".maps") is { } described)
        {
            foreach (MapSpec map in ReadDescribed(described))
                yield return map;
        }

        if (elf.Find("maps") is { } legacy)
        {
            foreach (ElfSymbol symbol in SymbolsOf(legacy))
                yield return ReadLegacy(legacy, symbol);
        }
    }

    private IEnumerable<ElfSymbol> SymbolsOf(ElfSection section) =>
        elf.Symbols.Where(s => s.Section == section.Index && s.Type is ElfSymbolType.Object or ElfSymbolType.None && s.Name.Length > 0)
            .Where(s => s.Section == section.Index).OrderBy(s => s.Value);

    private static MapSpec ReadLegacy(ElfSection section, ElfSymbol symbol)
    {
        if (symbol.Value > (ulong)section.Data.Length || (ulong)section.Data.Length - symbol.Value < LegacySize)
            throw new ObjectFormatException("maps", (long)symbol.Value, $"the definition of {symbol.Name} is cut off");
        ReadOnlySpan<byte> data = section.Data.Span[(int)symbol.Value..];
        return new MapSpec(symbol.Name, (BpfMapType)BinaryPrimitives.ReadUInt32LittleEndian(data))
        {
            KeySize = BinaryPrimitives.ReadUInt32LittleEndian(data[4..]),
            ValueSize = BinaryPrimitives.ReadUInt32LittleEndian(data[8..]),
            MaxEntries = BinaryPrimitives.ReadUInt32LittleEndian(data[12..]),
            Flags = BinaryPrimitives.ReadUInt32LittleEndian(data[16..]),
            Section = section.Index,
            Offset = symbol.Value,
        };
    }

    private IEnumerable<MapSpec> ReadDescribed(ElfSection section)
    {
        if (btf is null)
            throw new ObjectFormatException(".maps", 0, "there is no BTF that describes the maps (compile with -g)");
        uint datasec = btf.FindDataSection(".maps");
        if (datasec == 0)
            throw new ObjectFormatException(".maps", 0, "BTF has no section .maps");

        foreach (ElfSymbol symbol in SymbolsOf(section))
        {
            DatasecEntry variable = btf.Variables(datasec).FirstOrDefault(v => btf.Name(v.Type) == symbol.Name);
            if (variable.Type == 0)
                throw new ObjectFormatException(".maps", (long)symbol.Value, $"BTF does not describe {symbol.Name}");
            uint type = btf.Resolve(btf.SizeOrType(variable.Type));
            if (btf.Kind(type) != BtfKind.Struct)
                throw new ObjectFormatException(".maps", (long)symbol.Value, $"{symbol.Name} is not defined by a struct");
            (MapSpec map, uint valuesOffset) = ReadDefinition(symbol.Name, type, inner: false);
            yield return map with
            {
                Section = section.Index,
                Offset = symbol.Value,
                Slots = ReadSlots(section, symbol, valuesOffset, map.Name),
            };
        }
    }

    /// <summary>The members of a map's struct, as parse_btf_map_def in libbpf reads them: numbers are sizes of arrays behind pointers.</summary>
    private (MapSpec Map, uint ValuesOffset) ReadDefinition(string name, uint type, bool inner)
    {
        var map = new MapSpec(name, BpfMapType.Unspec);
        uint valuesOffset = uint.MaxValue;
        foreach ((string member, uint memberType, uint bitOffset) in btf!.Members(type))
        {
            switch (member)
            {
                case "type":
                    map = map with { Type = (BpfMapType)Number(name, member, memberType) };
                    break;
                case "max_entries":
                    map = map with { MaxEntries = Number(name, member, memberType) };
                    break;
                case "map_flags":
                    map = map with { Flags = Number(name, member, memberType) };
                    break;
                case "map_extra":
                    map = map with { MapExtra = Number(name, member, memberType) };
                    break;
                case "numa_node":
                    map = map with { NumaNode = Number(name, member, memberType) };
                    break;
                case "key_size":
                    map = map with { KeySize = Agree(name, member, map.KeySize, Number(name, member, memberType)) };
                    break;
                case "value_size":
                    map = map with { ValueSize = Agree(name, member, map.ValueSize, Number(name, member, memberType)) };
                    break;
                case "key":
                    uint key = Pointee(name, member, memberType);
                    map = map with { BtfKeyTypeId = key, KeySize = Agree(name, member, map.KeySize, btf.SizeOf(key)) };
                    break;
                case "value":
                    uint value = Pointee(name, member, memberType);
                    map = map with { BtfValueTypeId = value, ValueSize = Agree(name, member, map.ValueSize, btf.SizeOf(value)) };
                    break;
                case "pinning":
                    uint pinning = Number(name, member, memberType);
                    if (pinning > PinByName)
                        throw new ObjectFormatException($".maps: {name} has an unknown pinning, {pinning}");
                    map = map with { PinByName = pinning == PinByName };
                    break;
                case "values":
                    valuesOffset = bitOffset / 8;
                    map = map with { ValueSize = Agree(name, member, map.ValueSize, 4), Inner = InnerOf(name, memberType, inner) };
                    break;
                default:
                    throw new ObjectFormatException($".maps: {name} has an unknown field, {member}");
            }
        }

        return (map, valuesOffset);
    }

    /// <summary>What "values" holds: pointers to maps of one kind, or (for prog_array) functions, where nothing more is to know.</summary>
    private MapSpec? InnerOf(string name, uint memberType, bool inner)
    {
        uint array = btf!.Resolve(memberType);
        if (inner || btf.Kind(array) != BtfKind.Array)
            throw new ObjectFormatException($".maps: {name}: values must be an array of pointers, one level deep");
        uint target = btf.Resolve(Pointee(name, "values", btf.Array(array).Element));
        return btf.Kind(target) switch
        {
            BtfKind.FuncProto => null,
            BtfKind.Struct => ReadDefinition($"{name}.inner", target, inner: true).Map,
            BtfKind other => throw new ObjectFormatException($".maps: {name}: values are pointers to {other}"),
        };
    }

    private uint Number(string map, string member, uint type)
    {
        uint array = btf!.Resolve(Pointee(map, member, type));
        if (btf.Kind(array) != BtfKind.Array)
            throw new ObjectFormatException($".maps: {map}: {member} is not written with __uint()");
        return btf.Array(array).Count;
    }

    private uint Pointee(string map, string member, uint type)
    {
        uint pointer = btf!.Resolve(type);
        if (btf.Kind(pointer) != BtfKind.Pointer)
            throw new ObjectFormatException($".maps: {map}: {member} is no pointer (use __uint, __type or __array)");
        return btf.SizeOrType(pointer);
    }

    private static uint Agree(string map, string member, uint known, uint found) =>
        known == 0 || known == found ? found : throw new ObjectFormatException($".maps: {map}: {member} says {found} bytes, another field {known}");

    private List<MapSlot> ReadSlots(ElfSection section, ElfSymbol map, uint valuesOffset, string name)
    {
        var slots = new List<MapSlot>();
        foreach (ElfRelocation relocation in elf.RelocationsOf(section))
        {
            ulong at = (ulong)relocation.Offset;
            if (at < map.Value || at >= map.Value + map.Size)
                continue;
            ulong inside = at - map.Value;
            if (valuesOffset == uint.MaxValue || inside < valuesOffset || (inside - valuesOffset) % 8 != 0)
                throw new ObjectFormatException(".maps", relocation.Offset, $"a relocation in {name} that is no element of values");
            if (relocation.Symbol.Name.Length == 0)
                throw new ObjectFormatException(".maps", relocation.Offset, $"an element of {name} refers to nothing that has a name");
            slots.Add(new MapSlot((uint)((inside - valuesOffset) / 8), relocation.Symbol.Name));
        }

        return slots;
    }
}
