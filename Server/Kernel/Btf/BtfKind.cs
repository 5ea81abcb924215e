namespace WebBpf.Kernel.Btf;

/// <summary>Kinds of BTF types (BTF_KIND_* of linux/btf.h, 6.18).</summary>
public enum BtfKind
{
    /// <summary>The type with id 0.</summary>
    Void = 0,
    Int = 1,
    Ptr = 2,
    Array = 3,
    Struct = 4,
    Union = 5,
    Enum = 6,
    Fwd = 7,
    Typedef = 8,
    Volatile = 9,
    Const = 10,
    Restrict = 11,
    Func = 12,
    FuncProto = 13,
    Var = 14,
    Datasec = 15,
    Float = 16,
    DeclTag = 17,
    TypeTag = 18,
    Enum64 = 19,
}

/// <summary>Questions about <see cref="BtfKind"/>.</summary>
public static class BtfKinds
{
    public const int Max = (int)BtfKind.Enum64;

    private static readonly string[] Names =
    [
        "UNKNOWN", "INT", "PTR", "ARRAY", "STRUCT", "UNION", "ENUM", "FWD", "TYPEDEF", "VOLATILE", "CONST", "RESTRICT",
        "FUNC", "FUNC_PROTO", "VAR", "DATASEC", "FLOAT", "DECL_TAG", "TYPE_TAG", "ENUM64",
    ];

    /// <summary>As the kernel's log names it.</summary>
    public static string Text(this BtfKind kind) => Names[(int)kind];

    /// <summary>Another name for, or a qualification of, one other type.</summary>
    public static bool IsModifier(this BtfKind kind) =>
        kind is BtfKind.Typedef or BtfKind.Volatile or BtfKind.Const or BtfKind.Restrict or BtfKind.TypeTag;

    public static bool IsComposite(this BtfKind kind) => kind is BtfKind.Struct or BtfKind.Union;

    public static bool IsEnum(this BtfKind kind) => kind is BtfKind.Enum or BtfKind.Enum64;

    /// <summary>Its second word is a size.</summary>
    public static bool HasSize(this BtfKind kind) =>
        kind is BtfKind.Int or BtfKind.Struct or BtfKind.Union or BtfKind.Enum or BtfKind.Enum64 or BtfKind.Datasec or BtfKind.Float;

    /// <summary>Never the type of a value (btf_type_nosize).</summary>
    public static bool HasNoSize(this BtfKind kind) =>
        kind is BtfKind.Void or BtfKind.Fwd or BtfKind.Func or BtfKind.FuncProto or BtfKind.DeclTag;

    /// <summary>Refers to others, but nothing may refer to it as a type (btf_type_is_resolve_source_only).</summary>
    public static bool IsSourceOnly(this BtfKind kind) => kind is BtfKind.Var or BtfKind.DeclTag or BtfKind.Datasec;

    /// <summary>btf_type_needs_resolve.</summary>
    public static bool NeedsResolve(this BtfKind kind) =>
        kind.IsModifier() || kind.IsComposite()
        || kind is BtfKind.Ptr or BtfKind.Array or BtfKind.Var or BtfKind.Func or BtfKind.DeclTag or BtfKind.Datasec;
}
