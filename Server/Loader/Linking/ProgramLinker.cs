using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Verifier;
using WebBpf.Loader.Elf;
using WebBpf.Loader.Objects;

namespace WebBpf.Loader.Linking;

/// <summary>
/// Puts a program together, as libbpf does: its own function, then each function it calls or takes the address of, in the order in which
/// they are met, depth first; calls are turned into distances, references to maps and data are kept for the load.
/// </summary>
internal sealed class ProgramLinker(FunctionTable functions, MapTable maps, BtfExt ext)
{
    private const int MaxInsns = 1_000_000;

    private readonly List<Insn> _insns = [];
    private readonly Dictionary<Function, int> _placed = [];
    private readonly List<MapReference> _references = [];
    private readonly List<FuncInfo> _funcs = [];
    private readonly List<LineInfo> _lines = [];
    private int _coreRelocations;

    public ProgramSpec Link(Function entry, Sections.SectionMatch match)
    {
        var open = new Stack<(Function Function, int Next)>();
        Place(entry);
        open.Push((entry, 0));
        while (open.TryPop(out (Function Function, int Next) at))
            Relocate(at.Function, at.Next, open);

        return new ProgramSpec(entry.Name, entry.Section.Name, match)
        {
            Insns = [.. _insns],
            MapReferences = _references,
            FuncInfos = _funcs,
            LineInfos = _lines,
            CoreRelocations = _coreRelocations,
        };
    }

    /// <summary>Appends a function's instructions and debug records.</summary>
    private void Place(Function function)
    {
        int start = _insns.Count;
        if (start + function.Length > MaxInsns)
            throw new ObjectFormatException(function.Section.Name, function.Start * Insn.Size, $"more than {MaxInsns} instructions when linked");
        _placed.Add(function, start);
        _insns.AddRange(function.Insns);
        string section = function.Section.Name;
        foreach (FuncInfo info in ext.FuncsOf(section).Where(i => i.InsnOff == function.Start))
            _funcs.Add(info with { InsnOff = (uint)start });
        foreach (LineInfo info in ext.LinesOf(section).Where(i => i.InsnOff >= function.Start && i.InsnOff < function.End))
            _lines.Add(info with { InsnOff = info.InsnOff - (uint)function.Start + (uint)start });
        _coreRelocations += ext.CoreRelocationsOf(section).Count(i => i >= function.Start && i < function.End);
    }

    /// <summary>Goes on through a function from an instruction; stops to go into a function that is met for the first time.</summary>
    private void Relocate(Function function, int from, Stack<(Function Function, int Next)> open)
    {
        int start = _placed[function];
        for (int i = from; i < function.Length; i++)
        {
            Insn insn = _insns[start + i];
            bool relocated = functions.TryGetRelocation(function, i, out ElfRelocation relocation);
            Function? target = null;
            if (IsCall(insn))
                target = relocated ? CallTarget(function, i, insn, relocation.Symbol) : LocalTarget(function, i, insn);
            else if (insn.IsLdImm64 && relocated)
                target = ResolveImmediate(function, i, start + i, relocation.Symbol);
            else if (relocated)
                throw Bad(function, i, $"a relocation of type {relocation.Type} on an instruction with opcode 0x{insn.Code:x2}");

            if (target is not null)
            {
                bool met = _placed.ContainsKey(target);
                if (!met)
                    Place(target);
                _insns[start + i] = Point(insn, start + i, _placed[target]);
                if (!met)
                {
                    open.Push((function, i + 1));
                    open.Push((target, 0));
                    return;
                }
            }

            if (insn.IsLdImm64)
                i++;
        }
    }

    private static bool IsCall(Insn insn) => insn.Code == (Op.Jmp | Op.Call) && insn.Src == Op.PseudoCall;

    private static Insn Point(Insn insn, int at, int target) => insn.IsLdImm64
        ? new Insn(insn.Code, insn.Dst, Op.PseudoFunc, 0, target - at - 1)
        : insn with { Imm = target - at - 1 };

    private Function CallTarget(Function caller, int index, Insn insn, ElfSymbol symbol)
    {
        if (!symbol.IsDefined)
            throw symbol.Binding == ElfBinding.Weak || symbol.Name.StartsWith("bpf_", StringComparison.Ordinal)
                ? ObjectFormatException.Gap($"call of the kernel function {symbol.Name} (kfunc) in {caller.Name}")
                : Bad(caller, index, $"a call of {symbol.Name}, which the object does not define");
        // A section symbol comes with the distance in the immediate, a function symbol with -1 there.
        long target = (long)(symbol.Value / Insn.Size) + insn.Imm + 1;
        return Resolve(caller, index, symbol.Section, target);
    }

    private Function LocalTarget(Function caller, int index, Insn insn) =>
        Resolve(caller, index, caller.Section.Index, (long)caller.Start + index + insn.Imm + 1);

    private Function Resolve(Function caller, int index, int section, long target) =>
        functions.Find(section, (int)Math.Clamp(target, -1, int.MaxValue))
        ?? throw Bad(caller, index, $"a call to instruction {target} of section {section}, where no function starts");

    /// <summary>A 64-bit immediate: the address of a function (returned), a map or data (kept).</summary>
    private Function? ResolveImmediate(Function function, int index, int at, ElfSymbol symbol)
    {
        if (at + 1 >= _insns.Count || index + 1 >= function.Length)
            throw Bad(function, index, "a 64-bit immediate is cut off");
        int low = _insns[at].Imm;
        if (!symbol.IsDefined)
            throw ObjectFormatException.Gap($"external symbol {symbol.Name} (ksym or kconfig) in {function.Name}");
        Function? target = functions.Find(symbol.Section, (int)(symbol.Value / Insn.Size) + (symbol.Type == ElfSymbolType.Section ? low / Insn.Size : 0));
        if (target is not null)
            return target;
        if (maps.FindMap(symbol) is int map)
            _references.Add(new MapReference(at, map, null));
        else if (maps.FindData(symbol.Section) is int data)
            _references.Add(new MapReference(at, data, (uint)(symbol.Value + (uint)low)));
        else
            throw Bad(function, index, $"a reference to {(symbol.Name.Length > 0 ? symbol.Name : $"section {symbol.Section}")}, which is neither map, data nor function");
        return null;
    }

    private static ObjectFormatException Bad(Function function, int index, string what) =>
        new($"{function.Section.Name}, function {function.Name}", (function.Start + index) * Insn.Size, what);
}
