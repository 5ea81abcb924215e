namespace WebBpf.Loader.Elf;

/// <summary>One section; <see cref="Size"/> exceeds the data's length for sections without bits (.bss).</summary>
public sealed record ElfSection(
    int Index, string Name, ElfSectionType Type, ulong Flags, ulong Size, uint Link, uint Info, ReadOnlyMemory<byte> Data)
{
    private const ulong FlagExecutable = 4;

    public bool IsExecutable => (Flags & FlagExecutable) != 0;
}

/// <summary>One symbol. <see cref="Section"/> is an index, or one of the special values from 0xff00 on.</summary>
public sealed record ElfSymbol(
    int Index, string Name, ElfSymbolType Type, ElfBinding Binding, int Visibility, ushort Section, ulong Value, ulong Size)
{
    public const ushort SpecialSections = 0xff00;
    public const ushort Undefined = 0;
    public const int VisibilityHidden = 2;

    /// <summary>Defined in a section of this file.</summary>
    public bool IsDefined => Section is not Undefined and < SpecialSections;
}

/// <summary>One relocation: where in its section, which kind, against what.</summary>
public readonly record struct ElfRelocation(int Offset, uint Type, ElfSymbol Symbol, long Addend)
{
    /// <summary>64-bit immediate: map, global data, or the address of a function.</summary>
    public const uint Bpf64 = 1;

    public const uint BpfAbs64 = 2;
    public const uint BpfAbs32 = 3;
    public const uint BpfNoDyld32 = 4;

    /// <summary>32-bit immediate of a call.</summary>
    public const uint Bpf32 = 10;
}

public enum ElfSectionType : uint
{
    Null = 0,
    ProgBits = 1,
    SymTab = 2,
    StrTab = 3,
    Rela = 4,
    NoBits = 8,
    Rel = 9,
}

public enum ElfSymbolType
{
    None = 0,
    Object = 1,
    Func = 2,
    Section = 3,
    File = 4,
}

public enum ElfBinding
{
    Local = 0,
    Global = 1,
    Weak = 2,
}
