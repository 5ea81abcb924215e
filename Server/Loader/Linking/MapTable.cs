using WebBpf.Loader.Elf;
using WebBpf.Loader.Objects;

namespace WebBpf.Loader.Linking;

/// <summary>Finds the map that a symbol of the object stands for.</summary>
internal sealed class MapTable(IReadOnlyList<MapSpec> maps)
{
    /// <summary>The map defined at a symbol, or null where the symbol is no map.</summary>
    public int? FindMap(ElfSymbol symbol)
    {
        for (int i = 0; i < maps.Count; i++)
        {
            if (!maps[i].IsDataSection && maps[i].Section == symbol.Section && maps[i].Offset == symbol.Value)
                return i;
        }

        return null;
    }

    /// <summary>The map of a data section, or null where the section is none.</summary>
    public int? FindData(int section)
    {
        for (int i = 0; i < maps.Count; i++)
        {
            if (maps[i].IsDataSection && maps[i].Section == section)
                return i;
        }

        return null;
    }
}
