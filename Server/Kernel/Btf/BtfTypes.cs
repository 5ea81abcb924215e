using System.Collections.Frozen;
using System.Text;

namespace WebBpf.Kernel.Btf;

/// <summary>
/// The types of one BTF object by id, over its raw bytes: an array of offsets and nothing else until somebody asks by name.
/// Ids out of range and offsets beyond the string section are answered, not thrown at.
/// </summary>
public sealed class BtfTypes
{
    /// <summary>Steps through names and qualifiers after which a chain counts as endless.</summary>
    private const int ChainLimit = 64;

    private readonly byte[] _raw;
    private readonly int[] _at;
    private readonly int _strings;
    private readonly int _stringsLength;
    private readonly Lazy<FrozenDictionary<string, uint[]>> _byName;

    /// <param name="at">Byte offset of each type's record; the first entry stands for void.</param>
    internal BtfTypes(byte[] raw, int[] at, int strings, int stringsLength)
    {
        _raw = raw;
        _at = at;
        _strings = strings;
        _stringsLength = stringsLength;
        _byName = new(IndexNames);
    }

    /// <summary>Number of types, void included: ids are 0 to this minus one.</summary>
    public int Count => _at.Length;

    /// <summary>The type, or void for an id that does not exist.</summary>
    public BtfType this[uint id] => id != 0 && id < _at.Length ? new BtfType(_raw, _at[id], id) : default;

    public bool Has(uint id) => id < _at.Length;

    /// <summary>The string section.</summary>
    public ReadOnlySpan<byte> Strings => _raw.AsSpan(_strings, _stringsLength);

    /// <summary>Whether an offset lies in the string section (btf_name_offset_valid).</summary>
    public bool HasString(uint offset) => offset < _stringsLength;

    /// <summary>The bytes of a string up to its NUL; empty where the offset is outside.</summary>
    public ReadOnlySpan<byte> StringBytes(uint offset)
    {
        if (!HasString(offset))
            return default;
        ReadOnlySpan<byte> rest = Strings[(int)offset..];
        int end = rest.IndexOf((byte)0);
        return end < 0 ? rest : rest[..end];
    }

    public string String(uint offset) => Encoding.UTF8.GetString(StringBytes(offset));

    public string Name(in BtfType type) => String(type.NameOff);

    /// <summary>A name as the kernel's log gives it: "(anon)" for offset 0.</summary>
    public string LogName(uint offset) => offset == 0 ? "(anon)" : HasString(offset) ? String(offset) : "(invalid-name-offset)";

    /// <summary>The type behind names and qualifiers; void where the chain does not end.</summary>
    public BtfType SkipModifiers(uint id)
    {
        BtfType type = this[id];
        for (int i = 0; i < ChainLimit && type.Kind.IsModifier(); i++)
            type = this[type.Type];
        return type.Kind.IsModifier() ? default : type;
    }

    /// <summary>Bytes of a value of this type, or null where it has none (void, functions, forward declarations, sizes beyond 4 GiB).</summary>
    public uint? SizeOf(uint id)
    {
        ulong count = 1;
        for (int i = 0; i < ChainLimit; i++)
        {
            BtfType type = SkipModifiers(id);
            switch (type.Kind)
            {
                case BtfKind.Array:
                    count *= type.ArrayCount;
                    id = type.ArrayElement;
                    break;
                case BtfKind.Var:
                    id = type.Type;
                    break;
                case BtfKind.Ptr:
                    return Bytes(count, 8);
                default:
                    return type.Kind.HasSize() ? Bytes(count, type.Size) : null;
            }

            if (count > uint.MaxValue)
                return null;
        }

        return null;
    }

    /// <summary>The first type of this kind and name, or 0 (btf_find_by_name_kind).</summary>
    public uint Find(string name, BtfKind kind)
    {
        if (_byName.Value.TryGetValue(name, out uint[]? ids))
        {
            foreach (uint id in ids)
            {
                if (this[id].Kind == kind)
                    return id;
            }
        }

        return 0;
    }

    /// <summary>All types of a name.</summary>
    public IReadOnlyList<uint> FindAll(string name) => _byName.Value.TryGetValue(name, out uint[]? ids) ? ids : [];

    private static uint? Bytes(ulong count, uint size) => count * size <= uint.MaxValue ? (uint)(count * size) : null;

    private FrozenDictionary<string, uint[]> IndexNames()
    {
        var found = new Dictionary<string, List<uint>>();
        for (uint id = 1; id < _at.Length; id++)
        {
            BtfType type = this[id];
            if (type.NameOff == 0)
                continue;
            string name = Name(type);
            if (!found.TryGetValue(name, out List<uint>? ids))
                found.Add(name, ids = []);
            ids.Add(id);
        }

        return found.ToFrozenDictionary(pair => pair.Key, pair => pair.Value.ToArray());
    }
}
