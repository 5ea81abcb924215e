using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;
using WebBpf.Shared.Wire;

namespace WebBpf.Server.Hosting;

/// <summary>The OpenAPI document: snake_case schemas, ProblemDetails for every failure, the headers that every call takes.</summary>
public static class OpenApiSetup
{
    public static void AddOpenApiDocument(this IServiceCollection services)
    {
        services.AddEndpointsApiExplorer();
        services.AddSwaggerGen(gen =>
        {
            gen.SwaggerDoc("v1", new OpenApiInfo
            {
                Title = "WebBpf",
                Version = "v1",
                Description = "The BPF subsystem of Linux 6.18 over REST. Byte strings are hex; integers beyond 2^53-1 are written as strings, and every integer is accepted as number or string.",
            });
            gen.AddSecurityDefinition("key", new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "Needed unless the caller is on the loopback interface and Auth:Mode is Loopback." });
            gen.OperationFilter<CommonAnswers>();
            gen.DocumentFilter<CommandSchemas>();
            gen.SupportNonNullableReferenceTypes();
        });
    }

    /// <summary>Adds what all operations share.</summary>
    private sealed class CommonAnswers : IOperationFilter
    {
        public void Apply(OpenApiOperation operation, OperationFilterContext context)
        {
            if (context.ApiDescription.RelativePath?.StartsWith("api/", StringComparison.Ordinal) != true)
                return;
            IOpenApiSchema problem = context.SchemaGenerator.GenerateSchema(typeof(ProblemInfo), context.SchemaRepository);
            operation.Responses ??= [];
            operation.Responses["default"] = new OpenApiResponse
            {
                Description = "ProblemDetails with errno and ret where a kernel was asked.",
                Content = new Dictionary<string, OpenApiMediaType> { ["application/problem+json"] = new() { Schema = problem } },
            };
            operation.Parameters ??= [];
            operation.Parameters.Add(Header("X-Bpf-Session", "The session the call acts for; the caller's default session where absent."));
            operation.Parameters.Add(Header("X-Bpf-Backend", "'linux' sends the call to the machine's own kernel, where that is allowed."));
        }

        private static OpenApiParameter Header(string name, string description) => new()
        {
            Name = name,
            In = ParameterLocation.Header,
            Description = description,
            Schema = new OpenApiSchema { Type = JsonSchemaType.String },
        };
    }
}
