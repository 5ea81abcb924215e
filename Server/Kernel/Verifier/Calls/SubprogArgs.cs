using WebBpf.Kernel.Btf;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier.State;
using WebBpf.Kernel.Verifier.Walk;

namespace WebBpf.Kernel.Verifier.Calls;

/// <summary>
/// Parameters of subprograms, read from BTF: what callers must pass and what a global function may rely on. As btf_prepare_func_args in
/// kernel/bpf/btf.c and btf_check_func_arg_match in kernel/bpf/verifier.c (6.18).
/// </summary>
internal static class SubprogArgs
{
    private const int MaxArgs = 5;
    private const string ArgTag = "arg:";

    /// <summary>The function's name in BTF, "" without (subprog_name).</summary>
    public static string Name(VerifierEnv env, int subprog) =>
        env.FuncInfos.Length == 0 ? "" : env.Request.Btf!.Types.Name(env.Request.Btf.Types[env.FuncInfos[subprog].TypeId]);

    /// <summary>Reads the parameters into <see cref="SubprogInfo.Args"/>. EINVAL where BTF does not say enough; quietly for static functions.</summary>
    public static int Prepare(VerifierEnv env, int subprog)
    {
        SubprogInfo info = env.Subprogs[subprog];
        if (info.Args is not null)
            return 0;
        BtfTypes types = env.Request.Btf!.Types;
        BtfType func = types[env.FuncInfos[subprog].TypeId];
        BtfType proto = types[func.Type];
        string name = types.Name(func);
        if (proto.Vlen > MaxArgs)
            return Refuse(env, info, $"Global function {name}() with {proto.Vlen} > {MaxArgs} args. Buggy compiler.\n");
        BtfType result = types.SkipModifiers(proto.Type);
        if (result.Kind != BtfKind.Int && !result.Kind.IsEnum())
            return Refuse(env, info, $"Global function {name}() doesn't return scalar. Only those are supported.\n");

        var args = new SubprogArg[proto.Vlen];
        for (int i = 0; i < args.Length; i++)
        {
            int error = One(env, info, func, proto.Param(i).Type, i, name, out args[i]);
            if (error != 0)
                return error;
        }

        info.Args = args;
        return 0;
    }

    /// <summary>Whether the registers of a call fit what BTF says of the function (btf_check_subprog_call). EFAULT ends the verification.</summary>
    public static int CheckCall(Walker w, int subprog)
    {
        VerifierEnv env = w.Env;
        SubprogInfo info = env.Subprogs[subprog];
        if (env.FuncInfos.Length == 0 || info.Unreliable)
            return -Errno.EINVAL;
        int error = Prepare(env, subprog);
        for (int i = 0; error == 0 && i < info.Args!.Length; i++)
            error = Match(w, i, info.Args[i]);
        if (error != 0)
            info.Unreliable = true;
        return error;
    }

    /// <summary>
    /// Registers at the start of a function that is verified on its own: R1 is the context for the program itself, what BTF says for a global
    /// function (first half of do_check_common).
    /// </summary>
    public static int SetUp(Walker w, int subprog)
    {
        VerifierEnv env = w.Env;
        SubprogInfo info = env.Subprogs[subprog];
        if (subprog == 0)
        {
            if (env.FuncInfos.Length != 0 && (Prepare(env, 0) != 0 || info.Args is not [{ Kind: SubprogArgKind.Context }]))
                info.Unreliable = true;
            Registers.SetKnownZero(ref w.Regs[Op.R1], RegType.PtrToCtx);
            return env.NotImplemented is null ? 0 : -Errno.EOPNOTSUPP;
        }

        if (w.Logs)
            w.Log.Write($"Validating {Name(env, subprog)}() func#{subprog}...\n");
        int error = Prepare(env, subprog);
        for (int i = 0; error == 0 && i < info.Args!.Length; i++)
        {
            ref RegState reg = ref w.Regs[Op.R1 + i];
            SubprogArg arg = info.Args[i];
            switch (arg.Kind)
            {
                case SubprogArgKind.Context:
                    Registers.SetKnownZero(ref reg, RegType.PtrToCtx);
                    break;
                case SubprogArgKind.Scalar:
                    w.MarkUnknown(ref reg);
                    break;
                default:
                    Registers.SetKnownZero(ref reg, RegType.PtrToMem | (arg.MayBeNull ? RegType.MaybeNull : 0));
                    reg.Range = (int)arg.Size;
                    if (arg.MayBeNull)
                        reg.Id = w.NextId();
                    break;
            }
        }

        return error;
    }

    private static int One(VerifierEnv env, SubprogInfo info, in BtfType func, uint type, int i, string name, out SubprogArg arg)
    {
        arg = default;
        BtfTypes types = env.Request.Btf!.Types;
        bool context = false, nonNull = false, nullable = false, tagged = false;
        foreach (string tag in Tags(types, func.Id, i))
        {
            if (!info.IsGlobal)
            {
                env.Log.Write($"arg#{i} type tag is not supported in static functions\n");
                return -Errno.EOPNOTSUPP;
            }

            tagged = true;
            switch (tag)
            {
                case "ctx":
                    context = true;
                    break;
                case "nonnull":
                    nonNull = true;
                    break;
                case "nullable":
                    nullable = true;
                    break;
                case "trusted" or "untrusted" or "arena":
                    return env.Gap($"parameters with the tag arg:{tag}");
                default:
                    env.Log.Write($"arg#{i} has unsupported set of tags\n");
                    return -Errno.EOPNOTSUPP;
            }
        }

        BtfType shown = types.SkipModifiers(type);
        if (shown.Kind == BtfKind.Ptr)
        {
            if (context || ContextTypes.Matches(types, shown, env.Request.Program.Type.Type))
            {
                if (nonNull || nullable)
                {
                    env.Log.Write($"arg#{i} has invalid combination of tags\n");
                    return -Errno.EINVAL;
                }

                arg = new SubprogArg(SubprogArgKind.Context);
                return 0;
            }

            BtfType target = types.SkipModifiers(shown.Type);
            if (target.Kind == BtfKind.Struct && types.Name(target) == "bpf_dynptr")
                return info.IsGlobal ? env.Gap("dynptr parameters") : -Errno.EINVAL;
            if (info.IsGlobal)
            {
                if (types.SizeOf(target.Id) is not { } size)
                {
                    env.Log.Write(
                        $"arg#{i} reference type('{KindText(target.Kind)} {types.Name(target)}') size cannot be determined: {-Errno.EINVAL}\n");
                    return -Errno.EINVAL;
                }

                arg = new SubprogArg(SubprogArgKind.Memory, size) { MayBeNull = !nonNull };
                return 0;
            }
        }

        if (tagged)
        {
            env.Log.Write($"arg#{i} has pointer tag, but is not a pointer type\n");
            return -Errno.EINVAL;
        }

        if (shown.Kind == BtfKind.Int || shown.Kind.IsEnum())
        {
            arg = new SubprogArg(SubprogArgKind.Scalar);
            return 0;
        }

        return Refuse(env, info, $"Arg#{i} type {KindText(shown.Kind)} in {name}() is not supported yet.\n");
    }

    private static int Match(Walker w, int i, SubprogArg arg)
    {
        int regno = Op.R1 + i;
        ref RegState reg = ref w.Regs[regno];
        switch (arg.Kind)
        {
            case SubprogArgKind.Scalar:
                if (reg.Type == RegType.Scalar)
                    return 0;
                w.Log.Write($"R{regno} is not a scalar\n");
                return -Errno.EINVAL;
            case SubprogArgKind.Context:
                int moved = ArgTypes.CheckOffset(w, regno, Helpers.ArgType.DontCare);
                if (moved != 0)
                    return moved;
                if (reg.Type == RegType.PtrToCtx)
                    return 0;
                w.Log.Write($"arg#{i} expects pointer to ctx\n");
                return -Errno.EINVAL;
            default:
                int error = ArgTypes.CheckOffset(w, regno, Helpers.ArgType.DontCare);
                if (error != 0)
                    return error;
                if (MemoryArgs.CheckShared(w, regno, arg.Size) != 0)
                    return -Errno.EINVAL;
                if (arg.MayBeNull || !reg.Type.MayBeNull())
                    return 0;
                w.Log.Write($"arg#{i} is expected to be non-NULL\n");
                return -Errno.EINVAL;
        }
    }

    private static List<string> Tags(BtfTypes types, uint func, int component)
    {
        var tags = new List<string>();
        for (uint id = 1; id < types.Count; id++)
        {
            BtfType type = types[id];
            if (type.Kind != BtfKind.DeclTag || type.Type != func || type.ComponentIdx != component)
                continue;
            string name = types.Name(type);
            if (name.StartsWith(ArgTag, StringComparison.Ordinal))
                tags.Add(name[ArgTag.Length..]);
        }

        return tags;
    }

    private static string KindText(BtfKind kind) => kind == BtfKind.Void ? "UNKNOWN" : kind.Text();

    private static int Refuse(VerifierEnv env, SubprogInfo info, string message)
    {
        if (info.IsGlobal)
            env.Log.Write(message);
        return -Errno.EINVAL;
    }
}
