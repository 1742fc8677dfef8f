"""What to draw instead of what is refused.

docs/reference/elements-by-name.md says the same of every name to people; a test holds the two together.
"""

from __future__ import annotations

_HINTS: dict[str, str] = {
    "Нарисуйте включающий шлюз с условиями": "complexGateway activationCondition",
    "Нарисуйте подпроцесс с параллельными задачами": "adHocSubProcess ordering cancelRemainingInstances",
    "Нарисуйте процесс с черными пулами": """
        choreography globalChoreographyTask choreographyTask subChoreography callChoreography conversation
        subConversation callConversation globalConversation conversationLink conversationAssociation
        participantAssociation partnerEntity partnerRole supports""",
    "Объявите переменную в process.yaml": """
        dataObject dataObjectReference dataStore dataStoreReference dataState property itemDefinition""",
    "Объявите данные сообщения в process.yaml": "itemRef structureRef evaluatesToTypeRef typeLanguage",
    "Напишите camunda:inputParameter и camunda:outputParameter": """
        ioSpecification dataInput dataOutput inputSet outputSet dataInputAssociation dataOutputAssociation
        assignment ioBinding field string expression""",
    "Напишите ${…} в теле параметра": "script list map entry value",
    "Напишите camunda:collection и camunda:elementVariable": "loopDataInputRef inputDataItem",
    "Добавляйте к списку в outputParameter": "loopDataOutputRef outputDataItem",
    "Пошлите событие изнутри действия": """
        complexBehaviorDefinition implicitThrowEvent behavior oneBehaviorEventRef noneBehaviorEventRef""",
    "Опишите событие внутри него": "eventDefinitionRef",
    "Назовите обе стороны ссылки одинаково": "source target",
    "Назовите camunda:candidateGroups или camunda:assignee": """
        resource resourceParameter resourceRole performer humanPerformer potentialOwner resourceAssignmentExpression
        resourceParameterBinding candidateUsers""",
    "Укажите camunda:formRef": """
        rendering formKey formData formField formProperty validation constraint formHandlerClass formRefVersion""",
    'Возьмите camunda:type="external" и тему из справочника': """
        interface operation endPoint supportedInterfaceRef implementation operationRef class delegateExpression
        connector connectorId""",
    "Назовите correlation в process.yaml": """
        correlationKey correlationProperty correlationPropertyBinding correlationPropertyRetrievalExpression
        correlationSubscription""",
    "Нарисуйте задачу в процессе или процесс для вызова": """
        globalTask globalUserTask globalManualTask globalScriptTask globalBusinessRuleTask caseRef caseBinding
        caseVersion""",
    "Положите всё в папку процесса": "import extension",
    "Напишите примечание": "relationship",
    "История и показатели ведутся всегда": "auditing monitoring initiator",
    "Выражения пишутся на CEL": "expressionLanguage",
    "Пул сам показывает свой процесс": "definitionalCollaborationRef",
    "Нарисуйте параллельный шлюз": "startQuantity completionQuantity parallelMultiple eventGatewayType",
    "Нарисуйте начало по сообщению": "instantiate",
    "Потоки берутся сразу": "isImmediate",
    "Уберите: каждое ожидание и так отдельная транзакция": """
        asyncBefore asyncAfter exclusive jobPriority taskPriority""",
    "Поставьте таймер": "followUpDate",
    "Передайте значения в camunda:in и camunda:out": "variableMappingClass variableMappingDelegateExpression",
    "Случай берёт версию, последнюю при его начале": """
        calledElementVersion calledElementVersionTag calledElementTenantId decisionRefVersion decisionRefVersionTag
        decisionRefTenantId""",
    "Код ошибки — её текст и имя": "errorMessage escalationCodeVariable errorEventDefinition",
    "Условие смотрят при каждом изменении переменных": "variableName variableEvents",
    "Кто может начинать, говорит право ключа": """
        candidateStarterGroups candidateStarterUsers isStartableInTasklist potentialStarter""",
    "Нарисуйте задачу или граничное событие": "executionListener taskListener",
    "Примените шаблон и уберите его отметку": "modelerTemplate",
}
INSTEAD: dict[str, str] = {name: hint for hint, names in _HINTS.items() for name in names.split()}
"""Local name of an element or attribute to the way out."""
