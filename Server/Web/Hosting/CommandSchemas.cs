using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Server.Hosting;

/// <summary>One path per command of bpf(2) in the OpenAPI document, with the fields and outputs of the table that drives the calls.</summary>
public sealed class CommandSchemas : IDocumentFilter
{
    private const string Generic = "/api/v1/bpf/{command}";

    public void Apply(OpenApiDocument swaggerDoc, DocumentFilterContext context)
    {
        if (!swaggerDoc.Paths.TryGetValue(Generic, out IOpenApiPathItem? generic) || generic.Operations?.Values.FirstOrDefault() is not { } template)
            return;
        foreach (AttrCommand command in AttrTable.Commands.OrderBy(c => c.Command))
        {
            string name = UapiName.Of(command.Command);
            var operation = new OpenApiOperation
            {
                Summary = $"BPF_{name.ToUpperInvariant()}",
                OperationId = $"bpf_{name}",
                Tags = template.Tags,
                Parameters = [.. template.Parameters?.Where(p => p.In != ParameterLocation.Path) ?? []],
                RequestBody = new OpenApiRequestBody { Content = Json(Inputs(command)) },
                Responses = new OpenApiResponses { ["200"] = new OpenApiResponse { Description = "ret and the outputs.", Content = Json(Outputs(command)) } },
            };
            if (template.Responses?.TryGetValue("default", out IOpenApiResponse? failure) == true)
                operation.Responses["default"] = failure;
            swaggerDoc.Paths[$"/api/v1/bpf/{name}"] = new OpenApiPathItem { Operations = new Dictionary<HttpMethod, OpenApiOperation> { [HttpMethod.Post] = operation } };
        }
    }

    private static Dictionary<string, OpenApiMediaType> Json(OpenApiSchema schema) => new() { ["application/json"] = new OpenApiMediaType { Schema = schema } };

    private static OpenApiSchema Inputs(AttrCommand command)
    {
        var properties = new Dictionary<string, IOpenApiSchema>();
        foreach (AttrField field in command.Fields.Where(f => f.Kind != AttrKind.PointerOut))
            Place(properties, field.DataName, Schema(field));
        return new OpenApiSchema { Type = JsonSchemaType.Object, Properties = properties, AdditionalPropertiesAllowed = false };
    }

    private static OpenApiSchema Outputs(AttrCommand command)
    {
        var properties = new Dictionary<string, IOpenApiSchema>
        {
            ["ret"] = new OpenApiSchema { Type = JsonSchemaType.Integer, Description = "At least 0; the new fd where the command makes one." },
        };
        foreach (AttrField field in command.Fields.Where(f => f.Out))
            properties[field.DataName] = field.DataName == "info" ? new OpenApiSchema { Type = JsonSchemaType.Object } : Schema(field);
        if (command.Command == BpfCommand.ProgLoad)
            properties["verdict"] = new OpenApiSchema { Type = JsonSchemaType.Object };
        return new OpenApiSchema { Type = JsonSchemaType.Object, Properties = properties };
    }

    /// <summary>Members of link_create's nested structs stand below their struct.</summary>
    private static void Place(Dictionary<string, IOpenApiSchema> properties, string name, OpenApiSchema schema)
    {
        int dot = name.IndexOf('.');
        if (dot < 0)
        {
            properties[name] = schema;
            return;
        }

        if (!properties.TryGetValue(name[..dot], out IOpenApiSchema? nested))
            properties[name[..dot]] = nested = new OpenApiSchema { Type = JsonSchemaType.Object, Properties = new Dictionary<string, IOpenApiSchema>() };
        nested.Properties![name[(dot + 1)..]] = schema;
    }

    private static OpenApiSchema Schema(AttrField field) => field switch
    {
        { HoldsNumbers: true } => new OpenApiSchema { Type = JsonSchemaType.Array, Items = new OpenApiSchema { Type = JsonSchemaType.Integer } },
        { IsPointer: true, IsText: true } or { Kind: AttrKind.Chars } => new OpenApiSchema { Type = JsonSchemaType.String },
        { IsPointer: true } => new OpenApiSchema { Type = JsonSchemaType.String, Description = "Hex." },
        { Kind: AttrKind.Enum } => new OpenApiSchema { Type = JsonSchemaType.String | JsonSchemaType.Integer, Description = "bpftool's name, or the number." },
        { Size: 8 } => new OpenApiSchema { Type = JsonSchemaType.String | JsonSchemaType.Integer, Format = "uint64" },
        _ => new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int64" },
    };
}
