using Microsoft.AspNetCore.Http.HttpResults;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Isa.Assembly;
using WebBpf.Shared.Wire;

namespace WebBpf.Server.Api;

/// <summary>Text to instructions and back, in the syntax of the kernel's log.</summary>
public static class AssemblyApi
{
    /// <summary>Longest source, characters.</summary>
    private const int MaxText = 4 << 20;

    public static void MapAssembly(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/assemble", Assemble).Accepts<AssembleRequest>("application/json").WithTags("assembly").WithSummary("Assembles kernel log syntax.");
        routes.MapPost("/disassemble", Disassemble).Accepts<DisassembleRequest>("application/json").WithTags("assembly").WithSummary("Disassembles instructions.");
    }

    private static async Task<Ok<AssembleResult>> Assemble(HttpContext context, BodyReader bodies)
    {
        AssembleRequest request = await bodies.ReadAsync<AssembleRequest>(context);
        AssembledProgram program = Parse(request.Asm ?? throw ApiException.Bad("asm", "text is expected."));
        return TypedResults.Ok(new AssembleResult(Hex.Of(Insn.ToBytes(program.Insns)), program.Insns.Length, program.Lines));
    }

    private static async Task<Ok<DisassembleResult>> Disassemble(HttpContext context, BodyReader bodies)
    {
        DisassembleRequest request = await bodies.ReadAsync<DisassembleRequest>(context);
        byte[] bytes = Hex.Parse("insns", request.Insns ?? throw ApiException.Bad("insns", "hex is expected."));
        if (bytes.Length % Insn.Size != 0)
            throw ApiException.Bad("insns", $"{bytes.Length} bytes are no multiple of {Insn.Size}.");
        return TypedResults.Ok(new DisassembleResult(Disassembler.Lines(Insn.FromBytes(bytes))));
    }

    /// <exception cref="ApiException">400 with line and column.</exception>
    internal static AssembledProgram Parse(string text)
    {
        if (text.Length > MaxText)
            throw ApiException.Bad("asm", $"at most {MaxText} characters are expected.");
        return Assembler.TryAssemble(text, null, out AssembledProgram? program, out AsmError? error) ? program! : throw ApiException.Bad("asm", error!.ToString());
    }
}
